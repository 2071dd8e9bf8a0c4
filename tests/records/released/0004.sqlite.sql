BEGIN TRANSACTION;
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE answer (
    attempt_id VARCHAR(36) NOT NULL,
    seq INTEGER NOT NULL,
    submission VARCHAR(64) NOT NULL,
    step VARCHAR(20) NOT NULL,
    question VARCHAR(60) NOT NULL,
    value JSON,
    saved DATETIME NOT NULL,
    CONSTRAINT pk_answer PRIMARY KEY (attempt_id, seq),
    CONSTRAINT fk_answer_attempt_id FOREIGN KEY(attempt_id) REFERENCES attempt (id),
    CONSTRAINT uq_answer_attempt_id UNIQUE (attempt_id, submission, question)
);
INSERT INTO "answer" VALUES('11111111-1111-4111-8111-111111111111',1,'s1','meet','','null','2026-11-02 12:02:00.250000');
INSERT INTO "answer" VALUES('11111111-1111-4111-8111-111111111111',2,'s2','judge','first-lean',-1,'2026-11-02 12:03:00.250000');
INSERT INTO "answer" VALUES('11111111-1111-4111-8111-111111111111',3,'s2','judge','why','"\u00c9, \u201cso\u201d it''s"','2026-11-02 12:03:00.250000');
INSERT INTO "answer" VALUES('11111111-1111-4111-8111-111111111111',4,'s2','judge','','null','2026-11-02 12:03:00.250000');
INSERT INTO "answer" VALUES('22222222-2222-4222-8222-222222222222',1,'s1','safe','gates','["a", {"b": "0.50"}]','2026-11-02 12:04:00.250000');
CREATE TABLE attempt (
    id VARCHAR(36) NOT NULL,
    learner VARCHAR(120) NOT NULL,
    case_id VARCHAR(60) NOT NULL,
    case_version VARCHAR(12) NOT NULL,
    started DATETIME NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (id)
);
INSERT INTO "attempt" VALUES('11111111-1111-4111-8111-111111111111','ann','chronic-pain-massage','v1','2026-11-02 12:00:00.250000');
INSERT INTO "attempt" VALUES('22222222-2222-4222-8222-222222222222','ben','mental-health','v2','2026-11-02 12:01:00.250000');
CREATE TABLE draft (
    attempt_id VARCHAR(36) NOT NULL,
    step VARCHAR(20) NOT NULL,
    "values" JSON NOT NULL,
    saved DATETIME NOT NULL,
    CONSTRAINT pk_draft PRIMARY KEY (attempt_id, step),
    CONSTRAINT fk_draft_attempt_id FOREIGN KEY(attempt_id) REFERENCES attempt (id)
);
INSERT INTO "draft" VALUES('11111111-1111-4111-8111-111111111111','deal','{"note": "typed, \u00e9"}','2026-11-02 12:05:00.250000');
CREATE TABLE erasure (
    id VARCHAR(36) NOT NULL,
    at DATETIME NOT NULL,
    attempts INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    CONSTRAINT pk_erasure PRIMARY KEY (id)
);
INSERT INTO "erasure" VALUES('88888888-8888-4888-8888-888888888888','2026-11-02 12:10:00.250000',1,3);
CREATE TABLE invitation (
    id VARCHAR(36) NOT NULL,
    learner_id VARCHAR(120) NOT NULL,
    made DATETIME NOT NULL,
    until DATETIME NOT NULL,
    revoked DATETIME,
    CONSTRAINT pk_invitation PRIMARY KEY (id),
    CONSTRAINT fk_invitation_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
INSERT INTO "invitation" VALUES('77777777-7777-4777-8777-777777777777','ann','2026-11-02 12:00:00.250000','2027-01-01 00:00:00.000000',NULL);
CREATE TABLE learner (
    id VARCHAR(120) NOT NULL,
    name VARCHAR(120) NOT NULL,
    cohort VARCHAR(60) NOT NULL,
    role VARCHAR(10) NOT NULL,
    added DATETIME NOT NULL,
    CONSTRAINT pk_learner PRIMARY KEY (id)
);
INSERT INTO "learner" VALUES('ann','Ann Example','spring','learner','2026-11-02 12:00:00.250000');
CREATE TABLE review_event (
    session_id VARCHAR(36) NOT NULL,
    seq INTEGER NOT NULL,
    ticket VARCHAR(64) NOT NULL,
    seat_id VARCHAR(36) NOT NULL,
    act VARCHAR(30) NOT NULL,
    data JSON NOT NULL,
    at DATETIME NOT NULL,
    CONSTRAINT pk_review_event PRIMARY KEY (session_id, seq),
    CONSTRAINT fk_review_event_session_id FOREIGN KEY(session_id) REFERENCES review_session (id),
    CONSTRAINT uq_review_event_session_id UNIQUE (session_id, seat_id, ticket)
);
INSERT INTO "review_event" VALUES('33333333-3333-4333-8333-333333333333',1,'t1','44444444-4444-4444-8444-444444444444','open','{"title": "Case", "mode": "training", "things": [], "name": "Fay"}','2026-11-02 12:06:00.250000');
INSERT INTO "review_event" VALUES('33333333-3333-4333-8333-333333333333',2,'t2','55555555-5555-4555-8555-555555555555','join','{"role": "person", "name": "\u00c9", "seat": "55555555-5555-4555-8555-555555555555"}','2026-11-02 12:07:00.250000');
INSERT INTO "review_event" VALUES('33333333-3333-4333-8333-333333333333',3,'t3','44444444-4444-4444-8444-444444444444','note','{"text": "it''s"}','2026-11-02 12:08:00.250000');
CREATE TABLE review_session (
    id VARCHAR(36) NOT NULL,
    code VARCHAR(7) NOT NULL,
    case_id VARCHAR(60) NOT NULL,
    mode VARCHAR(8) NOT NULL,
    subject JSON,
    opened DATETIME NOT NULL,
    closed DATETIME,
    CONSTRAINT pk_review_session PRIMARY KEY (id),
    CONSTRAINT uq_review_session_code UNIQUE (code)
);
INSERT INTO "review_session" VALUES('33333333-3333-4333-8333-333333333333','CDF-HJK','chronic-pain-massage','training',NULL,'2026-11-02 12:06:00.250000','2026-11-02 12:09:00.250000');
INSERT INTO "review_session" VALUES('66666666-6666-4666-8666-666666666666','LMN-PQR','local','live','{"title": "Ours"}','2026-11-02 12:07:00.250000',NULL);
CREATE TABLE seat (
    id VARCHAR(36) NOT NULL,
    session_id VARCHAR(36) NOT NULL,
    secret VARCHAR(64) NOT NULL,
    back VARCHAR(64) NOT NULL,
    sat DATETIME NOT NULL,
    CONSTRAINT pk_seat PRIMARY KEY (id),
    CONSTRAINT fk_seat_session_id FOREIGN KEY(session_id) REFERENCES review_session (id),
    CONSTRAINT uq_seat_secret UNIQUE (secret)
);
INSERT INTO "seat" VALUES('44444444-4444-4444-8444-444444444444','33333333-3333-4333-8333-333333333333','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','2026-11-02 12:06:00.250000');
INSERT INTO "seat" VALUES('55555555-5555-4555-8555-555555555555','33333333-3333-4333-8333-333333333333','cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd','2026-11-02 12:07:00.250000');
CREATE TABLE sign_in (
    secret VARCHAR(64) NOT NULL,
    invitation_id VARCHAR(36) NOT NULL,
    at DATETIME NOT NULL,
    ended DATETIME,
    CONSTRAINT pk_sign_in PRIMARY KEY (secret),
    CONSTRAINT fk_sign_in_invitation_id FOREIGN KEY(invitation_id) REFERENCES invitation (id)
);
INSERT INTO "sign_in" VALUES('eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','77777777-7777-4777-8777-777777777777','2026-11-02 12:01:00.250000','2026-11-02 12:02:00.250000');
CREATE INDEX ix_attempt_learner ON attempt (learner);
CREATE INDEX ix_seat_session_id ON seat (session_id);
CREATE INDEX ix_invitation_learner_id ON invitation (learner_id);
CREATE INDEX ix_sign_in_invitation_id ON sign_in (invitation_id);
CREATE TABLE audit (
    id INTEGER NOT NULL,
    at DATETIME NOT NULL,
    act VARCHAR(20) NOT NULL,
    learner VARCHAR(120) NOT NULL,
    CONSTRAINT pk_audit PRIMARY KEY (id)
);
INSERT INTO audit ("at", "act", "learner") VALUES ('2026-11-02 12:11:00.250000', 'exported', 'ann');
COMMIT;

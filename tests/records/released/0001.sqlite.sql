BEGIN TRANSACTION;
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
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
CREATE INDEX ix_attempt_learner ON attempt (learner);
COMMIT;

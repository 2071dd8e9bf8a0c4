-- The tables of revision 0003 as its migrations make them on SQLite, for programs that have no migrations.
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE attempt (
	id VARCHAR(36) NOT NULL,
	learner VARCHAR(120) NOT NULL,
	case_id VARCHAR(60) NOT NULL,
	case_version VARCHAR(12) NOT NULL,
	started DATETIME NOT NULL,
	CONSTRAINT pk_attempt PRIMARY KEY (id)
);
CREATE INDEX ix_attempt_learner ON attempt (learner);
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
CREATE TABLE draft (
	attempt_id VARCHAR(36) NOT NULL,
	step VARCHAR(20) NOT NULL,
	"values" JSON NOT NULL,
	saved DATETIME NOT NULL,
	CONSTRAINT pk_draft PRIMARY KEY (attempt_id, step),
	CONSTRAINT fk_draft_attempt_id FOREIGN KEY(attempt_id) REFERENCES attempt (id)
);
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
CREATE INDEX ix_seat_session_id ON seat (session_id);
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
CREATE TABLE learner (
	id VARCHAR(120) NOT NULL,
	name VARCHAR(120) NOT NULL,
	cohort VARCHAR(60) NOT NULL,
	role VARCHAR(10) NOT NULL,
	added DATETIME NOT NULL,
	CONSTRAINT pk_learner PRIMARY KEY (id)
);
CREATE TABLE invitation (
	id VARCHAR(36) NOT NULL,
	learner_id VARCHAR(120) NOT NULL,
	made DATETIME NOT NULL,
	until DATETIME NOT NULL,
	revoked DATETIME,
	CONSTRAINT pk_invitation PRIMARY KEY (id),
	CONSTRAINT fk_invitation_learner_id FOREIGN KEY(learner_id) REFERENCES learner (id)
);
CREATE INDEX ix_invitation_learner_id ON invitation (learner_id);
CREATE TABLE sign_in (
	secret VARCHAR(64) NOT NULL,
	invitation_id VARCHAR(36) NOT NULL,
	at DATETIME NOT NULL,
	ended DATETIME,
	CONSTRAINT pk_sign_in PRIMARY KEY (secret),
	CONSTRAINT fk_sign_in_invitation_id FOREIGN KEY(invitation_id) REFERENCES invitation (id)
);
CREATE INDEX ix_sign_in_invitation_id ON sign_in (invitation_id);
CREATE TABLE erasure (
	id VARCHAR(36) NOT NULL,
	at DATETIME NOT NULL,
	attempts INTEGER NOT NULL,
	answers INTEGER NOT NULL,
	CONSTRAINT pk_erasure PRIMARY KEY (id)
);
INSERT INTO alembic_version VALUES ('0003');

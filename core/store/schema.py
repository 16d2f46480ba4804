"""Tables of the log, and the triggers that keep them append-only.

* `rowid` is the position: dense from 1; declared, it survives VACUUM (the engine reads it by that name).
* A trigger lets an INSERT through only at head + 1 and at a free (stream, version): so `INSERT OR REPLACE`
  cannot take a row out either.
* Triggers stop accidents and honest tools; whoever gets past them is found out by verification.
"""

from __future__ import annotations

EVENTS = "stored_events"

_REFUSE = "BEGIN SELECT RAISE(ABORT, 'append-only'); END"

# Begins every set-up: the first statement writes, so it waits for the lock. A transaction that has read
# first gets SQLITE_BUSY at once, and no log could be opened while another process writes.
FORMAT = "PRAGMA user_version = 1"

TABLES = (
    f"""CREATE TABLE IF NOT EXISTS {EVENTS} (
        originator_id TEXT NOT NULL,
        originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL,
        state BLOB NOT NULL,
        leaf_hash BLOB NOT NULL,
        rowid INTEGER PRIMARY KEY,
        UNIQUE (originator_id, originator_version))""",
    f"CREATE INDEX IF NOT EXISTS {EVENTS}_births ON {EVENTS} (originator_id) WHERE originator_version = 1",
    """CREATE TABLE IF NOT EXISTS log_head (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        size INTEGER NOT NULL,
        frontier BLOB NOT NULL,
        received_at TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS log_node (
        level INTEGER NOT NULL,
        number INTEGER NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (level, number)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS log_checkpoint (size INTEGER PRIMARY KEY, note BLOB NOT NULL)",
)

TRIGGERS = (
    f"""CREATE TRIGGER IF NOT EXISTS {EVENTS}_append BEFORE INSERT ON {EVENTS}
        WHEN NEW.rowid IS NOT (SELECT COALESCE(MAX(rowid), 0) + 1 FROM {EVENTS})
          OR EXISTS (SELECT 1 FROM {EVENTS} WHERE originator_id = NEW.originator_id
                     AND originator_version = NEW.originator_version)
        {_REFUSE}""",
    """CREATE TRIGGER IF NOT EXISTS log_head_grows BEFORE UPDATE ON log_head
        WHEN NEW.size <= OLD.size OR NEW.received_at < OLD.received_at """
    + _REFUSE,
    """CREATE TRIGGER IF NOT EXISTS log_head_is_one BEFORE INSERT ON log_head
        WHEN EXISTS (SELECT 1 FROM log_head) """
    + _REFUSE,
    """CREATE TRIGGER IF NOT EXISTS log_checkpoint_grows BEFORE INSERT ON log_checkpoint
        WHEN NEW.size IS NOT (SELECT size FROM log_head)
          OR NEW.size <= (SELECT MAX(size) FROM log_checkpoint) """
    + _REFUSE,
    """CREATE TRIGGER IF NOT EXISTS log_node_is_new BEFORE INSERT ON log_node
        WHEN EXISTS (SELECT 1 FROM log_node WHERE level = NEW.level AND number = NEW.number) """
    + _REFUSE,
    *(
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} {_REFUSE}"
        for table in (EVENTS, "log_checkpoint", "log_node")
        for verb in ("UPDATE", "DELETE")
    ),
    f"CREATE TRIGGER IF NOT EXISTS log_head_no_delete BEFORE DELETE ON log_head {_REFUSE}",
)

HEAD_ROW = "INSERT INTO log_head SELECT 1, 0, x'', '' WHERE NOT EXISTS (SELECT 1 FROM log_head)"

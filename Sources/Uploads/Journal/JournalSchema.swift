internal import GRDB

/// The tables of the journal. A change is a further migration: files of earlier versions wait in it.
enum JournalSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { try $0.execute(sql: first) }
        migrator.registerMigration("2") { try $0.execute(sql: second) }
        return migrator
    }

    private static let second = """
        -- Its mount leaves its upload to the end of its session: it is nobody else's to begin before.
        ALTER TABLE file ADD COLUMN isHeld INTEGER NOT NULL DEFAULT 0;
        """

    private static let first = """
        -- The staged files, each under the name of its file on disk.
        CREATE TABLE file (
            serial TEXT PRIMARY KEY NOT NULL,
            account TEXT NOT NULL,
            -- The mount that answers for it; mounts/<owner>.lock tells whether it lives.
            owner TEXT NOT NULL,
            containerKind TEXT NOT NULL CHECK (containerKind IN ('appResult', 'sample', 'run')),
            containerID TEXT NOT NULL,
            path TEXT NOT NULL,
            permissions INTEGER NOT NULL,
            contentType TEXT,
            modifiedSeconds INTEGER,
            modifiedNanoseconds INTEGER,
            -- Nanoseconds since 1970.
            created INTEGER NOT NULL,
            stage TEXT NOT NULL
                CHECK (stage IN ('writing', 'sealed', 'failed', 'spoiled', 'arrived', 'discarded')),
            -- Still in 'writing', though its writer's mount has ended.
            isAbandoned INTEGER NOT NULL,
            message TEXT,
            error INTEGER,
            -- Counts the commit points, and tells the one whose bytes are safe on disk and the boot of the last one.
            seal INTEGER NOT NULL,
            securedSeal INTEGER NOT NULL,
            boot TEXT NOT NULL,
            -- Counts the times that the row was made durable: SQLite syncs only what changed.
            syncs INTEGER NOT NULL,
            isSendingWhole INTEGER NOT NULL,
            uploadID TEXT,
            partSize INTEGER
        );
        -- What was sent of the open upload of a file; the MD5 is empty until the service acknowledged the part.
        CREATE TABLE part (
            serial TEXT NOT NULL REFERENCES file ON DELETE CASCADE,
            number INTEGER NOT NULL,
            md5 TEXT NOT NULL,
            PRIMARY KEY (serial, number)
        ) WITHOUT ROWID;
        -- What other processes ask the owner for.
        CREATE TABLE request (
            serial TEXT PRIMARY KEY NOT NULL REFERENCES file ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('retry', 'discard'))
        );
        -- The directories that the service does not know of.
        CREATE TABLE directory (
            account TEXT NOT NULL,
            containerKind TEXT NOT NULL CHECK (containerKind IN ('appResult', 'sample', 'run')),
            containerID TEXT NOT NULL,
            path TEXT NOT NULL,
            PRIMARY KEY (account, containerKind, containerID, path)
        ) WITHOUT ROWID;
        -- The times that writers gave to files which were uploaded since, in the order in which they came.
        CREATE TABLE modified (
            sequence INTEGER PRIMARY KEY,
            account TEXT NOT NULL,
            fileID TEXT NOT NULL,
            seconds INTEGER NOT NULL,
            nanoseconds INTEGER NOT NULL,
            UNIQUE (account, fileID)
        );
        """
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite
import TestSupport
import Testing

/// SQLite3 Multiple Ciphers opens our files with the raw key and we open its files, with a hot WAL or journal too.
struct IndependentReaderTests {
    let folder: TemporaryFolder
    let key = SealedKey.random()
    var path: String { folder.file("a.db") }
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "independent_reader.py"
    ).path

    init() throws { folder = try TemporaryFolder() }

    func theirs(_ arguments: String...) throws -> String {
        try Program.run(Program.python, [script, arguments[0], arguments[1], key.hex] + arguments.dropFirst(2))
    }

    @Test(arguments: ["delete", "wal"])
    func theyReadOurs(mode: String) throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode=\(mode)") }
        try queue.write { db in
            for number in 0..<300 {
                try db.execute(sql: "INSERT INTO notes (text) VALUES (?)", arguments: ["note \(number)"])
            }
        }
        try queue.write { try $0.execute(sql: "UPDATE notes SET text = text || ' again' WHERE id % 2 = 1") }
        // Copies are what a crash at this moment would leave: with the WAL hot.
        let copy = folder.file("copy.db")
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
        }
        #expect(FileManager.default.fileExists(atPath: copy + "-wal") == (mode == "wal"))
        let lines = try theirs("read", copy).split(separator: "\n")
        #expect(lines.first == "ok")
        #expect(lines.count == 301)
        #expect(lines[1] == "note 0 again" && lines[2] == "note 1")
        try queue.close()
        #expect(try theirs("read", path).split(separator: "\n").count == 301)
    }

    @Test(arguments: ["delete", "wal"])
    func weReadTheirs(mode: String) throws {
        _ = try theirs("write", path, mode, "500")
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: [])
        #expect(try pool.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        #expect(
            try pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM notes WHERE text LIKE 'note %'") } == 500)
        try pool.write { try $0.execute(sql: "INSERT INTO notes (text) VALUES ('ours')") }
        try pool.close()
        #expect(try theirs("read", path).hasSuffix("ours\n"))
    }

    @Test(arguments: ["delete", "wal"])
    func weRecoverWhatTheyLeftHot(mode: String) throws {
        #expect(throws: Program.Failed.self) { try theirs("hot", path, mode, "300") }
        #expect(FileManager.default.fileExists(atPath: path + (mode == "wal" ? "-wal" : "-journal")))
        try? FileManager.default.removeItem(atPath: path + "-shm")
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [])
        #expect(try queue.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        #expect(
            try queue.read { try String.fetchAll($0, sql: "SELECT DISTINCT substr(text, 1, 5) FROM notes") } == [
                "note "
            ])
        #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM notes") } == 300)
    }

    /// A transaction larger than the cache spills into the WAL and writes frames of its own again.
    @Test func theyReadATransactionThatSpilled() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        try queue.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA cache_size = 5; PRAGMA wal_autocheckpoint = 0")
        }
        try queue.write { db in
            for round in 0..<3 {
                for number in 0..<200 {
                    try db.execute(
                        sql: "INSERT OR REPLACE INTO notes (id, text) VALUES (?, ?)",
                        arguments: [number, "round \(round) " + String(repeating: "q", count: 400 + round * 50)])
                }
            }
        }
        let copy = folder.file("copy.db")
        for suffix in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix) }
        let lines = try theirs("read", copy).split(separator: "\n")
        #expect(lines.first == "ok")
        #expect(lines.count == 201 && lines.dropFirst().allSatisfy { $0.hasPrefix("round 2") })
        // and we recover it ourselves
        let own = folder.file("own.db")
        for suffix in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + suffix, toPath: own + suffix) }
        let recovered = try SealedDatabase.openQueue(path: own, key: key, migrations: [notes])
        #expect(
            try recovered.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM notes WHERE text LIKE 'round 2%'") }
                == 200)
    }
}

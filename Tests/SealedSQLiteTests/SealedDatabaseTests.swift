// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite
import TestSupport
import Testing

let notes = Migration(number: 1, name: "notes") {
    try $0.execute(sql: "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
}
let marker = "Zwetschgenknoedel"

struct SealedDatabaseTests {
    let folder: TemporaryFolder
    let key = SealedKey.random()
    var path: String { folder.file("a.db") }

    init() throws { folder = try TemporaryFolder() }

    func fill(_ pool: DatabasePool, _ count: Int = 200) throws {
        for start in stride(from: 0, to: count, by: 20) {
            try pool.write { db in
                for number in start..<min(start + 20, count) {
                    try db.execute(
                        sql: "INSERT INTO notes (text) VALUES (?)",
                        arguments: ["\(marker) \(number) " + String(repeating: "z", count: 700)])
                }
            }
        }
    }

    @Test func promisesOfAConnection() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: [notes])
        let pragmas = try pool.writeWithoutTransaction { db in
            try ["auto_vacuum", "journal_mode", "synchronous", "temp_store", "page_size"].map {
                try String.fetchOne(db, sql: "PRAGMA \($0)")
            }
        }
        #expect(pragmas == ["2", "wal", "2", "2", "4096"])
        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path + suffix)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o660, "\(suffix)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains("new") } == [])
    }

    /// Removed, or another file in its place: what would be written there would be lost, and its log is not ours any more.
    @Test(arguments: [false, true])
    func aFileThatLostItsNameIsReadAndNotWritten(replaced: Bool) throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: [notes])
        try fill(pool, 20)
        let other = folder.file("b.db")
        try SealedDatabase.create(path: other, key: key, migrations: [notes])
        for suffix in ["", "-wal", "-shm"] { try FileManager.default.removeItem(atPath: path + suffix) }
        if replaced { try FileManager.default.moveItem(atPath: other, toPath: path) }
        func write() throws { try pool.write { try $0.execute(sql: "INSERT INTO notes (text) VALUES ('lost')") } }
        let error = #expect(throws: DatabaseError.self) { try write() }
        #expect(error?.extendedResultCode == .SQLITE_READONLY_DBMOVED)
        #expect(throws: DatabaseError.self) { try write() }
        #expect(try pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM notes") } == 20)
        // The file in its place is used by another process (the locks of this one are not the matter here).
        let log = Data("the log of another file".utf8)
        try log.write(to: URL(fileURLWithPath: path + "-wal"))
        pool.invalidateReadOnlyConnections()
        try pool.close()
        #expect(FileManager.default.contents(atPath: path + "-wal") == log)
        #expect(FileManager.default.fileExists(atPath: path) == replaced)
    }

    @Test func nothingIsEverInClear() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: [notes])
        try fill(pool)
        try pool.write { db in
            try db.execute(sql: "CREATE VIRTUAL TABLE search USING fts5(text)")
            try db.execute(sql: "INSERT INTO search SELECT text FROM notes")
            // sorts and temporary tables that would spill
            _ = try Row.fetchAll(db, sql: "SELECT a.text FROM notes a, notes b ORDER BY b.text, a.text LIMIT 5")
            try db.execute(sql: "CREATE TEMP TABLE t AS SELECT * FROM notes")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        for name in names {
            let content = try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
            for secret in [marker, "CREATE TABLE", "SQLite format 3"] {
                #expect(content.range(of: Data(secret.utf8)) == nil, "\(name) holds \(secret)")
            }
        }
        #expect(FileManager.default.fileExists(atPath: path + "-wal"))
        try pool.close()
        let again = try SealedDatabase.openPool(path: path, key: key, migrations: [notes])
        #expect(
            try again.read {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM search WHERE search MATCH 'Zwetschgenknoedel'")
            } == 200)
    }

    @Test func anotherKeyOpensNothing() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        #expect(throws: DatabaseError.self) {
            try SealedDatabase.openPool(path: path, key: .random(), migrations: [notes])
        }
        #expect(throws: SealedError.noSuchFile(folder.file("b.db"))) {
            try SealedDatabase.openPool(path: folder.file("b.db"), key: key, migrations: [notes])
        }
        #expect(throws: SealedError.fileExists(path)) {
            try SealedDatabase.create(path: path, key: key, migrations: [notes])
        }
        // without a registered key the VFS refuses
        #expect(throws: DatabaseError.self) { try DatabaseQueue(path: path) }
    }

    @Test func aLaterReleasesFileIsRefused() throws {
        let later = [notes, Migration(number: 2, name: "breaks", oldestReader: 2) { _ in }]
        try SealedDatabase.create(path: path, key: key, migrations: later)
        #expect(throws: SealedError.tooNew(file: path, oldestReader: 2, ours: 1)) {
            try SealedDatabase.openPool(path: path, key: key, migrations: [notes])
        }
        let compatible = folder.file("b.db")
        try SealedDatabase.create(
            path: compatible, key: key, migrations: [notes, Migration(number: 2, name: "adds") { _ in }])
        _ = try SealedDatabase.openPool(path: compatible, key: key, migrations: [notes])
    }

    @Test func aFlippedBitIsAnError() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: [notes])
        try fill(pool)
        _ = try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try pool.close()
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let pages = whole.count / 4096
        #expect(pages > 30)
        for number in 0..<60 {
            // bytes all over the page: clear header, ciphertext, nonce, tag; every page in turn
            let offset = (number % pages) * 4096 + [0, 20, 24, 100, 2000, 4063, 4064, 4080, 4095][number % 9]
            var damaged = whole
            damaged[offset] ^= UInt8(1 << (number % 8))
            let copy = folder.file("damaged-\(number).db")
            try damaged.write(to: URL(fileURLWithPath: copy))
            #expect(throws: (any Error).self, "byte \(offset)") {
                let queue = try SealedDatabase.openQueue(path: copy, key: key, migrations: [notes])
                let check = try queue.read { db in
                    _ = try Row.fetchAll(db, sql: "SELECT * FROM notes")
                    return try String.fetchAll(db, sql: "PRAGMA integrity_check")
                }
                if check != ["ok"] { throw SealedError.misuse("integrity") }
            }
        }
    }

    @Test func theBlockCounterWraps() {
        // nonce[12..16] xor page number = 2^32 - 3: the keystream of a page crosses the wrap
        for start: UInt32 in [0xFFFF_FFFF, 0xFFFF_FFFD, 0xFFFF_FFC1, 0] {
            var page = [UInt8](repeating: 7, count: 4096)
            let counter = start ^ 5
            for index in 0..<4 { page[4064 + 12 + index] = UInt8(truncatingIfNeeded: counter >> (8 * UInt32(index))) }
            let plain = page
            PageCipher.encrypt(&page, number: 5, key: key)
            #expect(page[0..<4064] != plain[0..<4064])
            #expect(PageCipher.decrypt(&page, number: 5, key: key))
            #expect(page[0..<4064] == plain[0..<4064])
            PageCipher.encrypt(&page, number: 5, key: key)
            #expect(!PageCipher.decrypt(&page, number: 6, key: key))
        }
    }

    @Test func ofTwoWhoMakeAFileOneWins() async throws {
        let path = path
        let key = key
        let made = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<6 {
                group.addTask { (try? SealedDatabase.create(path: path, key: key, migrations: [notes])) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 1)
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: [notes])
        let check = try await pool.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
        #expect(check == "ok")
    }

    @Test func vacuumAndCheckpoint() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: [notes])
        try fill(pool)
        try pool.write { try $0.execute(sql: "DELETE FROM notes WHERE id % 3 = 0") }
        try pool.writeWithoutTransaction { db -> Void in
            try db.execute(sql: "VACUUM")
            try db.execute(sql: "PRAGMA incremental_vacuum(10)")
            _ = try db.checkpoint(.truncate)
        }
        #expect(try pool.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        #expect(try pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM notes") } == 134)
    }
}

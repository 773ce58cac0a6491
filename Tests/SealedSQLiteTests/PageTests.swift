// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite
import TestSupport
import Testing

/// What stands on the disk, page by page.
struct PageTests {
    let folder: TemporaryFolder
    let key = SealedKey.random()
    var path: String { folder.file("a.db") }

    init() throws { folder = try TemporaryFolder() }

    func bytes(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) }

    func expectEveryPageIsValid(_ path: String, key: SealedKey) throws {
        let whole = try bytes(path)
        #expect(whole.count % 4096 == 0)
        for number in 0..<whole.count / 4096 {
            var page = Array(whole[number * 4096..<(number + 1) * 4096])
            #expect(PageCipher.decrypt(&page, number: UInt32(number + 1), key: key), "page \(number + 1)")
        }
    }

    func insert(_ db: Database, _ count: Int, length: Int = 3000) throws {
        for number in 0..<count {
            try db.execute(
                sql: "INSERT INTO notes (text) VALUES (?)",
                arguments: ["\(marker) \(number) " + String(repeating: "z", count: length)])
        }
    }

    /// A checkpoint copies what the log holds: no page is encrypted twice.
    @Test func checkpointsMovePagesAsTheyAre() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        try queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        for _ in 0..<5 { try queue.write { try insert($0, 20) } }
        let log = try bytes(path + "-wal")
        try queue.writeWithoutTransaction { _ = try $0.checkpoint(.full) }
        let main = try bytes(path)
        var frames: [Int: ArraySlice<UInt8>] = [:]
        for start in stride(from: 32, to: log.count, by: 4120) {
            let number = log[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            frames[number] = log[start + 24..<start + 4120]
        }
        #expect(frames.count > 80)
        for (number, frame) in frames { #expect(main[(number - 1) * 4096..<number * 4096] == frame, "page \(number)") }
        try queue.close()
        try expectEveryPageIsValid(path, key: key)
    }

    /// Pages that were allocated and freed before they were written: SQLite never writes them, yet the file has them.
    @Test func pagesThatWereNeverWrittenAreValid() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        try queue.write { db in
            try insert(db, 100)
            try db.execute(sql: "DELETE FROM notes WHERE id > 10")
        }
        #expect(try queue.read { try Int.fetchOne($0, sql: "PRAGMA freelist_count") ?? 0 } > 50)
        try queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try queue.close()
        #expect(try bytes(path).count > 100 * 3000)
        try expectEveryPageIsValid(path, key: key)
        // They are used again, and given back.
        let again = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        try again.write { try insert($0, 50) }
        try again.write { try $0.execute(sql: "DELETE FROM notes") }
        try again.writeWithoutTransaction { db in
            _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum")
            _ = try db.checkpoint(.truncate)
            #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
        }
        try again.close()
        #expect(try bytes(path).count < 40_000)
    }

    /// Nonces whose block counter ends within the page, and in places the first word of the nonce with it, for each
    /// page of a file that the independent reader then reads.
    @Test func theyReadPagesWhoseCounterWraps() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        try queue.write { try insert($0, 60, length: 500) }
        try queue.close()
        var whole = try bytes(path)
        for index in 0..<whole.count / 4096 {
            var page = Array(whole[index * 4096..<(index + 1) * 4096])
            let number = UInt32(index + 1)
            #expect(PageCipher.decrypt(&page, number: number, key: key))
            let counter = (UInt32.max - UInt32(index * 2 % 64)) ^ number
            if index % 5 == 0 { page.replaceSubrange(4064..<4068, with: [255, 255, 255, 255]) }
            for byte in 0..<4 { page[4076 + byte] = UInt8(truncatingIfNeeded: counter >> (8 * UInt32(byte))) }
            PageCipher.encrypt(&page, number: number, key: key)
            whole.replaceSubrange(index * 4096..<(index + 1) * 4096, with: page)
        }
        try Data(whole).write(to: URL(fileURLWithPath: path))
        let reader = KillTests.tests.appendingPathComponent("independent_reader.py").path
        let lines = try Program.run(Program.python, [reader, "read", path, key.hex]).split(separator: "\n")
        #expect(lines.first == "ok" && lines.count == 61 && lines.last?.hasPrefix("\(marker) 59 ") == true)
        let ours = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        #expect(try ours.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
    }

    /// A changed WAL is cut at the change: what is read is what some commit left.
    @Test func aFlippedBitInTheLogLeavesACommittedPrefix() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_autocheckpoint = 0") }
        for _ in 0..<20 { try queue.write { try insert($0, 5, length: 900) } }
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        let log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
        var prefixes: Set<Int> = []
        for number in 0..<80 {
            let copy = folder.file("\(number).db")
            var damaged = log
            damaged[number < 32 ? number : Int.random(in: 32..<log.count)] ^= UInt8(1 << (number % 8))
            try file.write(to: URL(fileURLWithPath: copy))
            try damaged.write(to: URL(fileURLWithPath: copy + "-wal"))
            let found = try SealedDatabase.openQueue(path: copy, key: key, migrations: [notes]).read { db in
                #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
                return try String.fetchAll(db, sql: "SELECT text FROM notes")
            }
            #expect(found.count % 5 == 0 && found.count < 100 && found.allSatisfy { $0.hasPrefix(marker) })
            prefixes.insert(found.count)
        }
        #expect(prefixes.count > 3)
    }

    @Test func aCopyOfAFileInUse() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: [notes])
        try pool.write { try insert($0, 100) }
        try pool.write { try $0.execute(sql: "DELETE FROM notes WHERE id % 2 = 0") }
        let copy = folder.file("copy.db")
        let copyKey = SealedKey.random()
        try SealedDatabase.copy(path, key: key, to: copy, key: copyKey)
        try expectEveryPageIsValid(copy, key: copyKey)
        // Before anyone opened it.
        #expect(try FileSnapshot(path: copy).bytes > 4_096)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("copy.db") } == [
                "copy.db"
            ])
        let opened = try SealedDatabase.openPool(path: copy, key: copyKey, migrations: [notes])
        #expect(try opened.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM notes") } == 50)
        #expect(try opened.read { try Int.fetchOne($0, sql: "PRAGMA auto_vacuum") } == 2)
        #expect(throws: SealedError.fileExists(copy)) {
            try SealedDatabase.copy(path, key: key, to: copy, key: copyKey)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".new") } == [])
    }
}

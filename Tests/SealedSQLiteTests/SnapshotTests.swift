// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite
import TestSupport
import Testing

/// Snapshots of files that real processes write, open, close and die on.
@Suite(.timeLimit(.minutes(3))) struct SnapshotTests {
    let world: KillTests
    var path: String { world.path }
    var key: SealedKey { world.key }

    init() throws { world = try KillTests() }

    /// Writes the state of now to a new file.
    private func copy(to name: String) throws -> String {
        let target = world.folder.file(name)
        let snapshot = try FileSnapshot(path: path)
        #expect(FileManager.default.createFile(atPath: target, contents: nil))
        let handle = try #require(FileHandle(forWritingAtPath: target))
        var buffer = [UInt8](repeating: 0, count: 16 * snapshot.pageSize)
        var page: UInt32 = 1
        while page <= snapshot.pages {
            let count = try buffer.withUnsafeMutableBytes { try snapshot.read(from: page, into: $0) }
            try handle.write(contentsOf: buffer[..<count])
            page += UInt32(count / snapshot.pageSize)
        }
        try snapshot.check()
        try handle.close()
        return target
    }

    /// Opens a copy with the key: sound, in balance, and of each process an unbroken run of commits. Returns the last.
    private func commits(in copy: String) throws -> [Int: Int] {
        let queue = try SealedDatabase.openQueue(path: copy, key: key, migrations: [notes, KillTests.ledger])
        defer { try? queue.close() }
        return try queue.read { db in
            #expect(try String.fetchAll(db, sql: "PRAGMA integrity_check") == ["ok"])
            #expect(try Int.fetchOne(db, sql: "SELECT coalesce(sum(amount), 0) FROM ledger") == 0)
            var last: [Int: Int] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT process, max(number), count(*) FROM reported GROUP BY process")
            {
                #expect(row[1] as Int == row[2] as Int)
                last[row[0]] = row[1]
            }
            return last
        }
    }

    @Test func eachIsOneStateWhileFourProcessesWriteOpenAndDie() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes, KillTests.ledger])
        let arguments = [world.script, "write", try world.library(), path, key.hex]
        var writers = try (0..<4).map { _ in try ReportingProcess(Program.python, arguments) }
        for round in 0..<24 {
            var reported: [Int: Int] = [:]
            for writer in writers {
                let number = try #require(writer.next())
                reported[writer.identifier] = number
            }
            let found = try commits(in: copy(to: "copy-\(round).db"))
            for (process, number) in reported { #expect(found[process] ?? 0 >= number) }
            // One dies in the middle of something, and another opens the file, recovers the log, goes on.
            if round % 4 == 3 {
                writers.removeFirst().kill()
                writers.append(try ReportingProcess(Program.python, arguments))
            }
        }
        // All gone at once, a log left behind: the first to open it recovers while a snapshot holds its lock.
        writers.removeAll()
        let snapshot = try FileSnapshot(path: path)
        let before = try commits(in: path)
        try snapshot.check()
        withExtendedLifetime(snapshot) {}
        #expect(try commits(in: copy(to: "last.db")) == before)
    }

    @Test func aFileThatNobodyHasOpenIsCopiedAndLeftAsItWas() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes, KillTests.ledger])
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let copied = try copy(to: "copy.db")
        #expect(try Data(contentsOf: URL(fileURLWithPath: copied)) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: world.folder.path).sorted() == ["a.db", "copy.db"])
    }

    @Test func writersReadersAndCheckpointsGoOnWhileOneIsHeld() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let first = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        func note(_ text: String) throws {
            try first.write { try $0.execute(sql: "INSERT INTO notes (text) VALUES (?)", arguments: [text]) }
        }
        for number in 0..<50 { try note("before \(number) " + String(repeating: "x", count: 3000)) }
        // The log is written back whole: its read mark is then one that stops nobody.
        try first.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        let snapshot = try FileSnapshot(path: path)
        for number in 0..<50 { try note("after \(number) " + String(repeating: "y", count: 3000)) }
        try first.writeWithoutTransaction { _ = try $0.checkpoint(.passive) }
        let second = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        #expect(try second.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM notes") } == 100)
        var bytes = [UInt8](repeating: 0, count: Int(snapshot.bytes))
        #expect(try bytes.withUnsafeMutableBytes { try snapshot.read(from: 1, into: $0) } == bytes.count)
        try snapshot.check()
        let target = world.folder.file("copy.db")
        try Data(bytes).write(to: URL(fileURLWithPath: target))
        let copied = try SealedDatabase.openQueue(path: target, key: key, migrations: [notes])
        #expect(try copied.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        #expect(try copied.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM notes") } == 50)
    }

    /// What is written after the copy was begun comes into it too; SQLite3 Multiple Ciphers opens it with the new key.
    @Test func aCopyUnderAnotherKeyFollowsTheFile() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: [notes])
        func write(_ sql: String) throws { try pool.write { try $0.execute(sql: sql) } }
        let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) "
        try write(many + "INSERT INTO notes (text) SELECT 'first ' || i || hex(randomblob(1500)) FROM n")
        // Pages that one transaction takes and frees are never written.
        try write("INSERT INTO notes (id, text) VALUES (-1, randomblob(2000000)); DELETE FROM notes WHERE id = -1")
        let (target, newKey) = (world.folder.file("new.db"), SealedKey.random())
        let copy = try RekeyedCopy(of: path, key: key, at: target, key: newKey)
        try copy.create()
        #expect(RekeyedCopy.isBeingMade(target))
        var told: [Int64] = []
        try copy.copyAll { done, _ in
            told.append(done)
            try write("UPDATE notes SET text = 'changed' || hex(randomblob(900)) WHERE id % 37 = \(told.count)")
        }
        #expect(told.count > 10 && told.last == copy.bytes)
        #expect(try copy.catchUp() > 10)
        try write(many + "INSERT INTO notes (text) SELECT 'second ' || i FROM n; DELETE FROM notes WHERE id % 5 = 0")
        try write("PRAGMA incremental_vacuum(300)")
        try pool.writeWithoutTransaction { _ = try $0.checkpoint(.passive) }
        let hold = try WriteHold(path: path, key: key)
        #expect(try copy.catchUp() > 0)
        #expect(try copy.catchUp() == 0)
        try copy.finish()
        #expect(RekeyedCopy.isBeingMade(target))
        copy.close()
        hold.end()
        #expect(!RekeyedCopy.isBeingMade(target))
        let texts = try pool.read { try String.fetchAll($0, sql: "SELECT text FROM notes ORDER BY id") }
        let reader = KillTests.tests.appendingPathComponent("independent_reader.py").path
        let lines = try Program.run(Program.python, [reader, "read", target, newKey.hex]).split(separator: "\n").map(
            String.init)
        #expect(lines.first == "ok")
        #expect(Set(lines.dropFirst()) == Set(texts))
        let bytes = try #require(FileManager.default.contents(atPath: target))
        for number in 1...(bytes.count / 4_096) {
            var page = Array(bytes[(number - 1) * 4_096..<number * 4_096])
            #expect(PageCipher.decrypt(&page, number: UInt32(number), key: newKey), "page \(number)")
        }
        let queue = try SealedDatabase.openQueue(path: target, key: newKey, migrations: [notes])
        #expect(try queue.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        #expect(try queue.read { try String.fetchAll($0, sql: "SELECT text FROM notes ORDER BY id") } == texts)
    }

    private func flip(_ offset: UInt64, in path: String) throws {
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.seek(toOffset: offset)
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: Data([byte ^ 4]))
        try handle.close()
    }

    /// A log as of a writer who was killed, of a page and more a commit: what was flipped in it shows, but in what nothing was
    /// written behind.
    @Test func aLogThatLostCommitsIsTold() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let (saved, copy) = (world.folder.file("saved.db"), world.folder.file("copy.db"))
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        for number in 0..<20 {
            try queue.write { try $0.execute(sql: "INSERT INTO notes (text) VALUES (?)", arguments: ["\(number)"]) }
        }
        for suffix in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + suffix, toPath: saved + suffix) }
        try queue.close()
        func findings(_ change: () throws -> Void) throws -> [String] {
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: copy + suffix)
                if suffix != "-shm" { try FileManager.default.copyItem(atPath: saved + suffix, toPath: copy + suffix) }
            }
            try change()
            return try FileSnapshot(path: copy).examine()
        }
        let lost = ["the log is damaged: changes behind the damage, which were on disk, are lost or cannot be read"]
        let frame = UInt64(24 + 4_096)
        let count = (try #require(FileManager.default.contents(atPath: saved + "-wal")).count - 32) / Int(frame)
        #expect(count >= 20)
        #expect(try findings {} == [])
        for number in [0, 1, UInt64(count / 2), UInt64(count - 4)] {
            // Its page number, its checksum, its page.
            for offset in [3, 20, 24 + 1_000] as [UInt64] {
                #expect(
                    try findings { try flip(32 + number * frame + offset, in: copy + "-wal") } == lost,
                    "\(number) \(offset)")
            }
        }
        // The log's head: its salt, its checksum.
        for offset in [17, 25] as [UInt64] { #expect(try findings { try flip(offset, in: copy + "-wal") } == lost) }
        // The end of a log may be what a power failure left.
        #expect(try findings { try flip(32 + UInt64(count - 1) * frame + 2_000, in: copy + "-wal") } == [])
        // A hole in the main file.
        let hole = try findings {
            try FileManager.default.removeItem(atPath: copy + "-wal")
            let handle = try #require(FileHandle(forUpdatingAtPath: copy))
            try handle.seek(toOffset: 2 * 4_096)
            try handle.write(contentsOf: Data(count: 4_096))
            try handle.close()
        }
        #expect(hole == ["page 3 is empty: what was in it is lost"])
    }

    /// While one writes, commits, and rolls back what was spilled to the log.
    @Test func noDamageShowsInALogThatIsWritten() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes, KillTests.ledger])
        let arguments = [world.script, "write", try world.library(), path, key.hex]
        var writers = try (0..<3).map { _ in try ReportingProcess(Program.python, arguments) }
        for round in 0..<40 {
            _ = writers[0].next()
            #expect(try FileSnapshot(path: path).examine() == [])
            if round % 8 == 7 {
                writers.removeFirst().kill()
                writers.append(try ReportingProcess(Program.python, arguments))
            }
        }
        writers.removeAll()
        #expect(try FileSnapshot(path: path).examine() == [])
    }

    @Test func whatIsNoSealedFileIsRefused() throws {
        #expect(throws: SnapshotError.noSuchFile(path)) { try FileSnapshot(path: path) }
        try Data(repeating: 7, count: 8192).write(to: URL(fileURLWithPath: path))
        #expect(throws: SnapshotError.notSealed(path)) { try FileSnapshot(path: path) }
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(throws: SnapshotError.notSealed(path)) { try FileSnapshot(path: path) }
    }
}

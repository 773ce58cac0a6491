// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite
import TestSupport
import Testing

struct MigrationTests {
    let folder: TemporaryFolder
    let key = SealedKey.random()
    var path: String { folder.file("a.db") }

    init() throws { folder = try TemporaryFolder() }

    /// Each step writes a row, so that a step that ran twice shows.
    static let steps: [Migration] =
        [notes]
        + (2...8).map { number in
            Migration(number: number, name: "step") {
                try $0.execute(sql: "INSERT INTO notes (text) VALUES (?)", arguments: ["step \(number)"])
            }
        }

    @Test func manyWhoStartAtOnceRunEachStepOnce() async throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let path = path
        let key = key
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                group.addTask {
                    if number % 2 == 0 {
                        _ = try SealedDatabase.openPool(path: path, key: key, migrations: Self.steps)
                    } else {
                        _ = try SealedDatabase.openQueue(path: path, key: key, migrations: Self.steps)
                    }
                }
            }
            try await group.waitForAll()
        }
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: Self.steps)
        let (texts, version) = try await queue.read { db in
            (try String.fetchAll(db, sql: "SELECT text FROM notes ORDER BY id"), try SchemaVersion.read(db))
        }
        #expect(texts == (2...8).map { "step \($0)" })
        #expect(version.number == 8 && version.oldestReader == 1)
    }

    @Test func aStepThatFailsLeavesTheStepBefore() throws {
        struct Stop: Error {}
        let bad = Migration(number: 2, name: "bad") { db in
            try db.execute(sql: "INSERT INTO notes (text) VALUES ('half')")
            throw Stop()
        }
        #expect(throws: Stop.self) { try SealedDatabase.create(path: path, key: key, migrations: [notes, bad]) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        #expect(throws: Stop.self) { try SealedDatabase.openQueue(path: path, key: key, migrations: [notes, bad]) }
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        #expect(try queue.read { try SchemaVersion.read($0).number } == 1)
        #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM notes") } == 0)
    }

    @Test func stepsOutOfOrderAreRefused() throws {
        #expect(throws: SealedError.self) {
            try SealedDatabase.create(path: path, key: key, migrations: [KillTests.ledger, notes])
        }
    }

    /// A pool whose file is deleted below it must not make an empty one in its place.
    @Test func aDeletedFileDoesNotComeBack() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: [notes])
        for suffix in ["", "-wal", "-shm"] { try FileManager.default.removeItem(atPath: path + suffix) }
        _ = try? pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM notes") }
        #expect(throws: (any Error).self) { try DatabaseQueue(path: path) }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// The page with the version is damaged: the schema tells it, where it is ours and no step without traces may be missing.
    @Test func aFileWithoutItsVersionIsTakenForWhatItsSchemaSays() throws {
        let more = Migration(number: 2, name: "more") { try $0.execute(sql: "CREATE TABLE more (id INTEGER)") }
        let data = Migration(number: 3, name: "data") { try $0.execute(sql: "INSERT INTO more VALUES (1)") }
        try SealedDatabase.create(path: path, key: key, migrations: [notes, more])
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes, more])
        let page = try queue.read { db in
            try #require(try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_schema WHERE name = 'schema_version'"))
        }
        try queue.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[(page - 1) * 4_096 + 100] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let again = try SealedDatabase.openPool(path: path, key: key, migrations: [notes, more])
        #expect(try again.write { try Int.fetchOne($0, sql: "SELECT count(*) FROM more") } == 0)
        try SealedDatabase.close(again)
        for others in [[notes], [notes, more, data]] {
            #expect(throws: DatabaseError.self) {
                try SealedDatabase.openPool(path: path, key: key, migrations: others)
            }
        }
    }
}

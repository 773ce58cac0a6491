// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite
import TestSupport
import Testing

/// Real processes on our VFS, ended by SIGKILL: nothing that was committed is lost, nothing else appears.
struct KillTests {
    let folder: TemporaryFolder
    let key = SealedKey.random()
    var path: String { folder.file("a.db") }

    static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let script = tests.appendingPathComponent("our_writer.py").path
    static let ledger = Migration(number: 2, name: "ledger") {
        try $0.execute(
            sql: """
                CREATE TABLE ledger (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, text TEXT NOT NULL);
                CREATE INDEX amounts ON ledger (amount);
                CREATE TABLE reported (process INTEGER, number INTEGER, PRIMARY KEY (process, number));
                """)
    }

    init() throws { folder = try TemporaryFolder() }

    /// The C module as a shared library, compiled with every warning an error.
    func library() throws -> String {
        let sources = Self.tests.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Shared/Tools/CSealedSQLite").path
        let names = try FileManager.default.contentsOfDirectory(atPath: sources).filter { $0.hasSuffix(".c") }
        let library = folder.file("libsealed.so")
        try Program.run(
            "clang",
            ["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-I", sources + "/include", "-o", library]
                + names.map { sources + "/" + $0 } + ["-lsqlite3", "-lsodium", "-lcrypto"])
        return library
    }

    func expectOnlyTheCommitted(_ texts: [String]) {
        #expect(texts.count == 300)
        #expect(texts.allSatisfy { $0.hasPrefix("note ") })
    }

    /// Of the same crash, a copy is for the independent reader and the file itself for us.
    @Test(arguments: ["delete", "wal"])
    func bothRecoverWhatWeLeftHot(mode: String) throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        #expect(throws: Program.Failed.self) {
            try Program.run(Program.python, [script, "hot", library(), path, key.hex, mode])
        }
        let log = mode == "wal" ? "-wal" : "-journal"
        let copy = folder.file("copy.db")
        for suffix in ["", log] {
            let content = try Data(contentsOf: URL(fileURLWithPath: path + suffix))
            #expect(content.count > (suffix == log ? 20_000 : 4096))
            for secret in ["never committed", "note 1", "CREATE TABLE"] {
                #expect(content.range(of: Data(secret.utf8)) == nil, "\(suffix) holds \(secret)")
            }
            try content.write(to: URL(fileURLWithPath: copy + suffix))
        }
        let reader = Self.tests.appendingPathComponent("independent_reader.py").path
        let lines = try Program.run(Program.python, [reader, "read", copy, key.hex]).split(separator: "\n").map(
            String.init)
        #expect(lines.first == "ok")
        expectOnlyTheCommitted(Array(lines.dropFirst()))
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        #expect(try queue.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        expectOnlyTheCommitted(try queue.read { try String.fetchAll($0, sql: "SELECT text FROM notes") })
    }

    /// The size to go back to stands in clear in a journal, and pages that are missing would be filled in.
    @Test func aDamagedJournalDoesNotFillTheDisk() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes])
        #expect(throws: Program.Failed.self) {
            try Program.run(Program.python, [script, "hot", library(), path, key.hex, "delete"])
        }
        var journal = try Data(contentsOf: URL(fileURLWithPath: path + "-journal"))
        journal.replaceSubrange(16..<20, with: [0, 0xFF, 0xFF, 0xFF])  // pages: 64 GiB
        try journal.write(to: URL(fileURLWithPath: path + "-journal"))
        #expect(throws: DatabaseError.self) {
            try SealedDatabase.openQueue(path: path, key: key, migrations: [notes])
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count < 2_000_000)
    }

    @Test func writersAreKilledBesideReaders() throws {
        try SealedDatabase.create(path: path, key: key, migrations: [notes, Self.ledger])
        let rounds = Program.isFull ? "60" : "3"
        let report = try Program.run(Program.python, [script, "torture", library(), path, key.hex, rounds])
        #expect(report.hasSuffix("none lost\n"))
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: [notes, Self.ledger])
        #expect(try queue.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT sum(amount) FROM ledger") } == 0)
    }
}

// SPDX-License-Identifier: Apache-2.0
import Accounts
import CFaultyDisk
import Foundation
import OutgoingQueue
import SealedSQLite
import TestSupport

/// Keys and slots, which are files of their own: made whole or not at all, replaced at once, on disk when it is said. Each call
/// of the system fails once; without a failure the order of syncs and names is looked at.
enum SmallFiles {
    private struct Subject {
        let name: String
        /// Back to the beginning.
        let prepare: () throws -> Void
        let run: () throws -> Void
        /// Throws when the file is neither as before nor as it was to be.
        let check: (_ isDone: Bool) throws -> Void
    }

    /// Returns the number of failures.
    static func sweep() throws -> Int {
        let folder = try TemporaryFolder()
        var failures = 0
        for subject in try [newKey(in: folder), slot(in: folder)] {
            try subject.prepare()
            faulty_calls_arm(.max, 0, 0)
            try subject.run()
            let calls = faulty_calls_disarm()
            let unsynced = faulty_calls_unsynced()
            if unsynced != 0 || calls < 4 {
                failures += 1
                print("FAIL \(subject.name): what was not synced: \(unsynced), calls \(calls)")
            }
            for (what, error, isShort) in [("EIO", EIO, 0), ("ENOSPC", ENOSPC, 0), ("half written", ENOSPC, 1)] {
                for call in 1...calls {
                    do { try run(subject, at: call, error, Int32(isShort)) } catch {
                        failures += 1
                        print("FAIL \(subject.name), \(what) at call \(call) of \(calls): \(error)")
                    }
                }
            }
            print("slots: \(subject.name): \(calls) calls")
        }
        return failures
    }

    private static func run(_ subject: Subject, at call: Int, _ error: Int32, _ isShort: Int32) throws {
        try subject.prepare()
        faulty_calls_arm(call, error, isShort)
        var isDone = true
        do { try subject.run() } catch { isDone = false }
        faulty_calls_disarm()
        try subject.check(isDone)
        // And it works again.
        if !isDone {
            try subject.run()
            try subject.check(true)
        }
    }

    private static func newKey(in folder: TemporaryFolder) -> Subject {
        let (path, key) = (folder.file("some.key"), SealedKey.random())
        return Subject(
            name: "a new key", prepare: { unlink(path) }, run: { try KeyFile.write(key, to: path) },
            check: { isDone in
                do {
                    guard try KeyFile.read(path) == key else { throw Broken(description: "another key") }
                } catch KeyError.noSuchFile where !isDone {}
            })
    }

    private static func slot(in folder: TemporaryFolder) throws -> Subject {
        let data = folder.file("data")
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let (old, new) = (PurposeKeys(master: .random()), PurposeKeys(master: .random()))
        try StoreFile.spool.create(in: data, keys: old, migrations: OutgoingQueue.migrations)
        let key = try StoreFile.spool.key(in: data, keys: old)
        return Subject(
            name: "a slot that is wrapped anew", prepare: { try StoreFile.spool.rewrap(in: data, from: new, to: old) },
            run: { try StoreFile.spool.rewrap(in: data, from: old, to: new) },
            check: { isDone in
                let isNew = (try? StoreFile.spool.key(in: data, keys: new)) == key
                let isOld = (try? StoreFile.spool.key(in: data, keys: old)) == key
                guard isNew || (isOld && !isDone) else { throw Broken(description: "new \(isNew), old \(isOld)") }
            })
    }
}

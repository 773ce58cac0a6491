// SPDX-License-Identifier: Apache-2.0
import Accounts
import CFaultyDisk
import Foundation
import MailStore
import SealedSQLite
import TestSupport

/// Runs the workload with one fault at the n-th call, for many n, and looks whether the store kept its promises.
struct Sweep {
    struct Fault {
        let name: String
        let kind: faulty_disk_fault
        /// Every call after it fails too.
        var isLasting = false
    }

    static let faults = [
        Fault(name: "read error", kind: FAULTY_DISK_READ_ERROR),
        Fault(name: "short read", kind: FAULTY_DISK_SHORT_READ),
        Fault(name: "write error", kind: FAULTY_DISK_WRITE_ERROR),
        Fault(name: "write errors", kind: FAULTY_DISK_WRITE_ERROR, isLasting: true),
        Fault(name: "short write", kind: FAULTY_DISK_SHORT_WRITE),
        Fault(name: "disk full once", kind: FAULTY_DISK_FULL),
        Fault(name: "disk full", kind: FAULTY_DISK_FULL, isLasting: true),
        Fault(name: "sync error", kind: FAULTY_DISK_SYNC_ERROR),
        Fault(name: "power cut", kind: FAULTY_DISK_POWER_CUT),
    ]

    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    private let folder: TemporaryFolder
    private let key = SealedKey.random()
    private let account = AccountID.random()
    /// The account's file as the release before made it.
    private let template: String
    /// What the account holds before each step, and after the last.
    private var expected: [Contents] = []

    /// Must be the first in the process that has to do with SQLite.
    init() async throws {
        guard faulty_disk_register() == 0 else { throw Broken(description: "the faulty disk cannot be registered") }
        folder = try TemporaryFolder()
        template = folder.file("template.db")
        try SealedDatabase.create(path: template, key: key, migrations: Array(AccountFile.migrations.prefix(1)))
        guard faulty_disk_power_on(0) == 0 else { throw Broken(description: "the template is still open") }
        let workload = try fresh()
        for step in Workload.steps {
            expected.append(try await Contents(of: workload.store))
            try await step.run(workload)
        }
        expected.append(try await Contents(of: workload.store))
        await workload.close()
        faulty_disk_power_on(0)
    }

    private func fresh() throws -> Workload {
        let path = folder.file("\(account).db")
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        try FileManager.default.copyItem(atPath: template, toPath: path)
        return Workload(root: folder.path, account: account, key: key)
    }

    /// How many calls the fault could happen at.
    func calls(_ fault: Fault) async throws -> Int {
        let workload = try fresh()
        faulty_disk_arm(fault.kind, .max, 0)
        for step in Workload.steps { try await step.run(workload) }
        let calls = faulty_disk_disarm()
        await workload.close()
        faulty_disk_power_on(0)
        return calls
    }

    /// Throws `Broken` when a promise was. False when the fault did not happen (a run has some calls more or less).
    func run(_ fault: Fault, at call: Int, seed: UInt64) async throws -> Bool {
        let workload = try fresh()
        faulty_disk_arm(fault.kind, call, fault.isLasting ? 1 : 0)
        var step = 0
        var (isCertain, failures) = (true, 0)
        while step < Workload.steps.count {
            do {
                try await Workload.steps[step].run(workload)
                step += 1
            } catch let error {
                guard faulty_disk_struck() != 0 else { throw broken("\(error) before the fault", step) }
                isCertain = false
                failures += 1
                guard failures <= 4 else { throw broken("it fails for ever: \(error)", step) }
                if fault.kind == FAULTY_DISK_POWER_CUT { break }
                if fault.isLasting, !Workload.steps[step].opens {
                    // Reading goes on.
                    try await settle(&step, workload, "while nothing can be written")
                }
                faulty_disk_disarm()
                // It recovers by itself: what failed is done again, as senders and clients do.
                try await settle(&step, workload, "after the fault")
                isCertain = true
            }
        }
        let struck = faulty_disk_struck() != 0
        await workload.close()
        guard faulty_disk_power_on(seed) == 0 else { throw broken("a file is still open", step) }
        let again = Workload(root: folder.path, account: account, key: key)
        if isCertain {
            try await expect([expected[step]], again, "at the end, after step", step)
        } else {
            try await settle(&step, again, "after the power came back")
        }
        let report = try await again.store.check(searchIndex: true)
        guard report.isSound else { throw broken(report.findings.joined(separator: "; "), step) }
        // And it works on.
        _ = try await again.store.deliver(Workload.message("afterwards", bytes: 300))
        await again.close()
        faulty_disk_power_on(0)
        return struck
    }

    /// The step that failed is there whole or not at all; when it is there, the next is up.
    private func settle(_ step: inout Int, _ workload: Workload, _ when: String) async throws {
        let found = try await expect([expected[step], expected[step + 1]], workload, when, step)
        if found != expected[step] { step += 1 }
    }

    @discardableResult
    private func expect(
        _ allowed: [Contents], _ workload: Workload, _ when: String, _ step: Int
    ) async throws -> Contents {
        let found: Contents
        do { found = try await Contents(of: workload.store) } catch {
            throw broken("\(when): cannot be read: \(error)", step)
        }
        guard allowed.contains(found) else {
            throw broken(
                "\(when):\n    found    \(found.summary)"
                    + allowed.map { "\n    expected \($0.summary)" }.joined(separator: "\n or"), step)
        }
        return found
    }

    private func broken(_ what: String, _ step: Int) -> Broken {
        let name = step < Workload.steps.count ? Workload.steps[step].name : "the end"
        return Broken(description: "step \(step) (\(name)): \(what)")
    }
}

// SPDX-License-Identifier: Apache-2.0
import Accounts
import CFaultyDisk
import Foundation
import MailStore
import SealedSQLite
import TestSupport

struct Fault: Sendable {
    let name: String
    let kind: faulty_disk_fault
    /// Every call after it fails too.
    var isLasting = false

    static let all = [
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
}

/// A promise of the store was not kept.
struct Broken: Error, CustomStringConvertible {
    let description: String
}

/// Once in the process.
private let faultyDisk = faulty_disk_register()

/// Runs the day with one fault at the n-th call, for many n, and looks whether the store kept its promises.
struct Sweep<Subject: Day> {
    private let folder: TemporaryFolder
    /// What the file holds before each step, and after the last.
    private var expected: [Subject.State] = []

    /// The first must be the first in the process that has to do with SQLite.
    init() async throws {
        guard Self.isRegistered else { throw Broken(description: "the faulty disk cannot be registered") }
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: template, withIntermediateDirectories: true)
        try await Subject.makeTemplate(in: template)
        guard faulty_disk_power_on(0) == 0 else { throw Broken(description: "the template is still open") }
        let day = try fresh()
        for step in Subject.steps {
            expected.append(try await day.state())
            try await step.run(day)
        }
        expected.append(try await day.state())
        await day.close()
        faulty_disk_power_on(0)
    }

    private static var isRegistered: Bool { faultyDisk == 0 }

    private var template: String { folder.file("template") }
    private var live: String { folder.file("live") }

    private func fresh() throws -> Subject {
        try? FileManager.default.removeItem(atPath: live)
        try FileManager.default.copyItem(atPath: template, toPath: live)
        return try Subject(in: live)
    }

    /// How many calls the fault could happen at.
    func calls(_ fault: Fault) async throws -> Int {
        let day = try fresh()
        faulty_disk_arm(fault.kind, .max, 0)
        for step in Subject.steps { try await step.run(day) }
        let calls = faulty_disk_disarm()
        await day.close()
        faulty_disk_power_on(0)
        return calls
    }

    /// Throws `Broken` when a promise was. False when the fault did not happen (a run has some calls more or less).
    func run(_ fault: Fault, at call: Int, seed: UInt64) async throws -> Bool {
        let day = try fresh()
        faulty_disk_arm(fault.kind, call, fault.isLasting ? 1 : 0)
        var step = 0
        var (isCertain, failures) = (true, 0)
        while step < Subject.steps.count {
            do {
                try await Subject.steps[step].run(day)
                step += 1
            } catch let error {
                guard faulty_disk_struck() != 0 else { throw broken("\(error) before the fault", step) }
                isCertain = false
                failures += 1
                guard failures <= 4 else { throw broken("it fails for ever: \(error)", step) }
                if fault.kind == FAULTY_DISK_POWER_CUT { break }
                if fault.isLasting, !Subject.steps[step].opens {
                    // Reading goes on.
                    try await settle(&step, day, "while nothing can be written")
                }
                faulty_disk_disarm()
                // It recovers by itself: what failed is done again, as senders and clients do.
                try await settle(&step, day, "after the fault")
                isCertain = true
            }
        }
        let struck = faulty_disk_struck() != 0
        await day.close()
        guard faulty_disk_power_on(seed) == 0 else { throw broken("a file is still open", step) }
        let again = try Subject(in: live)
        if isCertain {
            try await expect([expected[step]], again, "at the end, after step", step)
        } else {
            try await settle(&step, again, "after the power came back")
        }
        let problems = try await again.problems()
        guard problems.isEmpty else { throw broken(problems.joined(separator: "; "), step) }
        // And it works on.
        try await again.goOn()
        await again.close()
        faulty_disk_power_on(0)
        return struck
    }

    /// The step that failed is there whole or not at all; when it is there, the next is up.
    private func settle(_ step: inout Int, _ day: Subject, _ when: String) async throws {
        let found = try await expect([expected[step], expected[step + 1]], day, when, step)
        if found != expected[step] { step += 1 }
    }

    @discardableResult
    private func expect(
        _ allowed: [Subject.State], _ day: Subject, _ when: String, _ step: Int
    ) async throws -> Subject.State {
        let found: Subject.State
        do { found = try await day.state() } catch {
            throw broken("\(when): cannot be read: \(error)", step)
        }
        guard allowed.contains(found) else {
            throw broken(
                "\(when):\n    found    \(Subject.summary(found))"
                    + allowed.map { "\n    expected \(Subject.summary($0))" }.joined(separator: "\n or"), step)
        }
        return found
    }

    private func broken(_ what: String, _ step: Int) -> Broken {
        let name = step < Subject.steps.count ? Subject.steps[step].name : "the end"
        return Broken(description: "step \(step) (\(name)): \(what)")
    }
}

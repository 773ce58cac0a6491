// SPDX-License-Identifier: Apache-2.0
import CFaultyDisk
import Foundation

/// The store on a disk that fails: a program of its own, since SQLite's file system is the whole process'.
///
///     StoreFaults [--full] [--file account|spool|config|rekey|arrivals|slots] [--fault NAME] [--call N] [--lying]
///
/// Each fault at a sample of calls; with `--full` at every call, power cuts thrice. Prints what was tried, leaves with 1
/// when a promise was broken. With `--lying` the disk says that it synced and did not, and finding no loss is the failure:
/// whether the others would notice.
@main
struct Entry {
    private var isFull = false
    private var isLying = false
    private var file: String?
    private var fault: String?
    private var call: Int?
    private var failures = 0

    static func main() async throws {
        var entry = Entry()
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            switch argument {
            case "--full": entry.isFull = true
            case "--lying": (entry.isLying, entry.fault, entry.file) = (true, "power cut", entry.file ?? Workload.name)
            case "--file": entry.file = arguments.popFirst()
            case "--fault": entry.fault = arguments.popFirst()
            case "--call": entry.call = arguments.popFirst().flatMap(Int.init)
            default: fatalError("StoreFaults: unknown argument \(argument)")
            }
        }
        try await entry.sweep(Workload.self)
        try await entry.sweep(SpoolDay.self)
        try await entry.sweep(ConfigurationDay.self)
        try await entry.sweep(RekeyDay.self)
        try await entry.sweep(ArrivalsDay.self)
        if entry.isMeant("slots") { entry.failures += try SmallFiles.sweep() }
        exit((entry.failures > 0) == entry.isLying ? 0 : 1)
    }

    private func isMeant(_ name: String) -> Bool { file == nil || file == name }

    private mutating func sweep<Subject: Day>(_: Subject.Type) async throws {
        guard isMeant(Subject.name) else { return }
        let sweep = try await Sweep<Subject>()
        faulty_disk_lie(isLying ? 1 : 0)
        defer { faulty_disk_lie(0) }
        for fault in Fault.all where self.fault == nil || self.fault == fault.name {
            let calls = try await sweep.calls(fault)
            // Another sample each time; a failure names its call.
            let stride = isFull ? 1 : max(1, calls / Subject.sample)
            let start = Int.random(in: 1...stride)
            var (struck, failed) = (0, 0)
            for number in call.map({ [$0] }) ?? Array(Swift.stride(from: start, through: calls, by: stride)) {
                for seed in 0..<(isFull && fault.kind == FAULTY_DISK_POWER_CUT ? 3 : 1) {
                    do {
                        if try await sweep.run(fault, at: number, seed: UInt64(number + seed)) { struck += 1 }
                    } catch {
                        failed += 1
                        print(
                            "FAIL \(fault.name) of \(Subject.name) at call \(number) of \(calls), seed \(number + seed): \(error)"
                        )
                    }
                }
                if failed >= 10 { break }
            }
            failures += failed
            print("\(Subject.name): \(fault.name): \(calls) calls, failed at \(struck)")
        }
    }
}

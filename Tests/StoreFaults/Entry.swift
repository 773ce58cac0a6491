// SPDX-License-Identifier: Apache-2.0
import CFaultyDisk
import Foundation

/// The store on a disk that fails: a program of its own, since SQLite's file system is the whole process'.
///
///     StoreFaults [--full] [--fault NAME] [--call N] [--lying]
///
/// Each fault at a sample of calls; with `--full` at every call, power cuts thrice. Prints what was tried, leaves with 1
/// when a promise was broken. With `--lying` the disk says that it synced and did not, and finding no loss is the failure:
/// whether the others would notice.
@main
struct Entry {
    static func main() async throws {
        var arguments = CommandLine.arguments.dropFirst()
        var isFull = false
        var isLying = false
        var only: String?
        var call: Int?
        while let argument = arguments.popFirst() {
            switch argument {
            case "--full": isFull = true
            case "--lying": (isLying, only) = (true, "power cut")
            case "--fault": only = arguments.popFirst()
            case "--call": call = arguments.popFirst().flatMap(Int.init)
            default: fatalError("StoreFaults: unknown argument \(argument)")
            }
        }
        let sweep = try await Sweep()
        if isLying { faulty_disk_lie(1) }
        var failures = 0
        for fault in Sweep.faults where only == nil || only == fault.name {
            let calls = try await sweep.calls(fault)
            // Another sample each time; a failure names its call.
            let stride = isFull ? 1 : max(1, calls / Self.sample)
            let start = Int.random(in: 1...stride)
            var struck = 0
            for number in call.map({ [$0] }) ?? Array(Swift.stride(from: start, through: calls, by: stride)) {
                for seed in 0..<(isFull && fault.kind == FAULTY_DISK_POWER_CUT ? 3 : 1) {
                    do {
                        if try await sweep.run(fault, at: number, seed: UInt64(number + seed)) { struck += 1 }
                    } catch {
                        failures += 1
                        print("FAIL \(fault.name) at call \(number) of \(calls), seed \(number + seed): \(error)")
                    }
                }
                if failures >= 10 { break }
            }
            print("\(fault.name): \(calls) calls, failed at \(struck)")
        }
        exit((failures > 0) == isLying ? 0 : 1)
    }

    /// Calls of each fault in an ordinary run.
    static let sample = 30
}

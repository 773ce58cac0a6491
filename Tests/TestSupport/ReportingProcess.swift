// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A process that prints a number after each piece of work that it did, until its standard input ends or it is killed.
package final class ReportingProcess {
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())
    private var rest = ""
    /// The last number that was read.
    package private(set) var last = 0

    package init(_ program: String, _ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    package var identifier: Int { Int(process.processIdentifier) }

    /// The newest number, once there is another; `nil`: it is gone.
    package func next() -> Int? {
        while !rest.contains("\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { return nil }
            rest += String(decoding: data, as: UTF8.self)
        }
        let lines = rest.split(separator: "\n", omittingEmptySubsequences: false)
        rest = String(lines.last ?? "")
        last = lines.dropLast().last.flatMap { Int($0) } ?? last
        return last
    }

    /// Ends its standard input.
    package func end() { try? input.fileHandleForWriting.close() }

    /// Its exit status, or the signal that ended it.
    @discardableResult
    package func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    package func kill() {
        if process.isRunning { _ = Foundation.kill(process.processIdentifier, SIGKILL) }
        wait()
    }

    deinit { kill() }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Runs programs that tests need: a missing one is a failure of the test, never a skip.
package enum Program {
    package struct Failed: Error, CustomStringConvertible {
        package let description: String
    }

    /// The Python with the packages of Tests/EndToEnd/requirements.txt.
    package static var python: String { ProcessInfo.processInfo.environment["MAILKEEP_TEST_PYTHON"] ?? "python3" }

    /// A product of this package, which lies beside the test bundle.
    package static func product(_ name: String) throws -> String {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent(name).path
    }

    /// Whether what takes minutes is wanted too (`./setup.sh test --full`).
    package static var isFull: Bool { ProcessInfo.processInfo.environment["MAILKEEP_TEST_FULL"] == "1" }

    /// As `run`, for what takes long: on a thread of its own, so that tasks of other tests go on meanwhile.
    package static func runAside(_ command: String, _ arguments: [String]) async throws -> String {
        try await withCheckedThrowingContinuation { answer in
            Thread.detachNewThread { answer.resume(with: Result { try run(command, arguments) }) }
        }
    }

    /// Runs to the end and returns standard output; throws with both outputs when the exit status is not 0.
    @discardableResult
    package static func run(_ command: String, _ arguments: [String], input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [command] + arguments
        let output = Pipe()
        let errors = Pipe()
        let standardInput = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = standardInput
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let wrong = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(
                description:
                    "\(command) \(arguments.joined(separator: " ")): \(process.terminationStatus)\n\(text)\(wrong)")
        }
        return text
    }
}

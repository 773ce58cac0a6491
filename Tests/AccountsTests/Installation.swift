// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// A store of its own, and the command as a process, as the operator runs it.
final class Installation: Sendable {
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
            try JSONDecoder().decode(Value.self, from: Data(output.utf8))
        }
    }

    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Program.product("mailkeep"))
        process.arguments = arguments
        process.environment = [
            "MAILKEEP_DATA": folder.file("data"), "MAILKEEP_KEYS": folder.file("keys"), "PATH": "/usr/bin:/bin",
        ].merging(environment) { $1 }
        let output = folder.file("out-\(UUID().uuidString)")
        let errors = output + ".err"
        for path in [output, errors] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        let pipe = Pipe()
        process.standardInput = pipe
        try process.run()
        // A command that does not read its input may be gone already.
        signal(SIGPIPE, SIG_IGN)
        try? pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try? pipe.fileHandleForWriting.close()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }

    func works(_ arguments: String..., input: String = "") throws -> Outcome {
        let outcome = try run(arguments, input: input)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return outcome
    }

    func fails(_ arguments: String..., status: Int32 = 1, saying text: String, input: String = "") throws {
        let outcome = try run(arguments, input: input)
        #expect(outcome.status == status, "\(arguments)")
        #expect(outcome.errors.contains(text), "\(arguments): \(outcome.errors)")
    }
}

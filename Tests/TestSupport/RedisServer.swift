// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// A Redis of one test: on a free port of loopback, with a password, writing nothing to disk.
package final class RedisServer: @unchecked Sendable {
    // `process` changes only in `start` and `kill`, which a test calls one after the other.
    package let port: Int
    package let password = "test-password"
    private let folder: TemporaryFolder
    private var process: Process?

    /// Returns when it takes connections.
    package init() throws {
        folder = try TemporaryFolder()
        port = try FreePort.find()
        try start()
    }

    deinit {
        if let process { _ = Glibc.kill(process.processIdentifier, SIGKILL) }
    }

    /// On the same port, with no data.
    package func start() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--requirepass",
            password, "--dir", folder.path,
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text = ""
        while !text.contains("Ready to accept connections") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw Program.Failed(description: "redis-server did not start:\n\(text)") }
            text += String(decoding: data, as: UTF8.self)
        }
        output.fileHandleForReading.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
        self.process = process
    }

    /// kill -9; returns when it is gone.
    package func kill() {
        guard let process else { return }
        _ = Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Runs rclone, without a shell. What it has to keep secret stands in its configuration file.
struct Rclone: Sendable {
    /// Most bytes of an answer that is kept in memory.
    static let longestAnswer = 512 << 20

    let program: String
    let configuration: String

    /// Output of the command. Exit status 3 (no such folder) and 4 (no such file) are `nil`.
    /// - Parameter input: for its standard input.
    func run(_ arguments: [String], input: [UInt8]? = nil) throws -> [UInt8]? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments =
            [
                "--config", configuration, "--retries", "3", "--low-level-retries", "5", "--timeout", "60s",
                "--contimeout", "20s",
            ]
            + arguments
        process.environment = Self.environment
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        let inputPipe = Pipe()
        process.standardInput = input == nil ? FileHandle.nullDevice : inputPipe
        do { try process.run() } catch {
            throw BackupError.remote(
                "\(program) does not start (\(error.localizedDescription)); install Debian's package rclone")
        }
        let complaint = Background { Self.read(errors.fileHandleForReading, limit: 64 << 10) }
        if let input {
            try? inputPipe.fileHandleForWriting.write(contentsOf: input)
            try? inputPipe.fileHandleForWriting.close()
        }
        let answer = Self.read(output.fileHandleForReading, limit: Self.longestAnswer)
        let words = complaint.result()
        process.waitUntilExit()
        switch process.terminationStatus {
        case 0: return answer
        case 3, 4: return nil
        case let status:
            let last = String(decoding: words, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
            throw BackupError.remote("rclone \(arguments.first ?? "") left with \(status): \(last.prefix(400))")
        }
    }

    /// Nothing of ours but what a program needs, and the way out: no setting of rclone's own hides there.
    private static let environment: [String: String] = {
        let proxies: Set = ["http_proxy", "https_proxy", "no_proxy"]
        let kept = ProcessInfo.processInfo.environment.filter { proxies.contains($0.key.lowercased()) }
        let folder = NSTemporaryDirectory()
        return kept.merging(["PATH": "/usr/bin:/bin", "HOME": folder, "RCLONE_CACHE_DIR": folder]) { $1 }
    }()

    private static func read(_ handle: FileHandle, limit: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while let data = try? handle.read(upToCount: 1 << 20), !data.isEmpty {
            if bytes.count < limit { bytes += data }
        }
        return bytes
    }

    /// Reads one pipe while another is read.
    private final class Background: @unchecked Sendable {
        // `value` is written by the one thread before `done`, and read after it.
        private var value: [UInt8] = []
        private let done = DispatchSemaphore(value: 0)

        init(_ body: @escaping @Sendable () -> [UInt8]) {
            Thread { [self] in
                value = body()
                done.signal()
            }.start()
        }

        func result() -> [UInt8] {
            done.wait()
            return value
        }
    }
}

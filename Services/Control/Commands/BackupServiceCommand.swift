// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import BackupJobs
import Foundation
import Logging
import RedisStreams

/// `now` and `status`: what the Backup service is asked, and what it tells.
struct BackupNow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "now", abstract: "Has the Backup service take a backup, and follows it to its end.",
        discussion: "EXAMPLE\n  mailkeep backup now")

    /// Until the service has taken the request up, in seconds; it may be busy with another.
    private static let patience = 60

    @OptionGroup var redis: RedisOptions
    @Flag(help: "Do not wait for its end.") var noWait = false

    func run() async throws {
        try await withBackupJobs(redis) { jobs in
            // It speaks a moment after its start.
            for _ in 0..<12 where try await jobs.status() == nil { try await Task.sleep(for: .milliseconds(250)) }
            guard try await jobs.status() != nil else { throw Failure(notRunning) }
            let request = try await jobs.request(.backup)
            if noWait { return say("The Backup service is asked.") }
            let progress = Progress("backup")
            defer { progress.end() }
            var waited = 0
            while true {
                try await Task.sleep(for: .milliseconds(250))
                guard let status = try? await jobs.status() else { throw Failure(notRunning) }
                if let ended = status.ended.first(where: { $0.request == request.id }) {
                    if let failure = ended.failure { throw Failure(failure) }
                    return print(ended.backup ?? "done")
                }
                if let running = status.running {
                    progress.tell(running.stage, running.doneBytes, of: running.totalBytes)
                    waited = 0
                } else {
                    waited += 1
                    guard waited < Self.patience * 4 else {
                        throw Failure("the Backup service did not take it up; see its log")
                    }
                }
            }
        }
    }
}

struct BackupStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What the Backup service does, did and will do.",
        discussion: "EXAMPLE\n  mailkeep backup status --json")

    @OptionGroup var redis: RedisOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let status = try await withBackupJobs(redis) { try await $0.status() }
        guard let status else { throw Failure(notRunning) }
        if json { return try JSONOption.print(status) }
        print("repository  \(status.target)")
        print("schedule    \(status.schedule)\(status.nextRun.map { ", next " + timestamp($0) } ?? "")")
        print("kept        \(status.retention)")
        if let running = status.running {
            let total = running.totalBytes.map { " of \(bytesText($0))" } ?? ""
            print("running     \(running.kind.rawValue): \(running.stage), \(bytesText(running.doneBytes))\(total)")
        }
        let newest =
            status.backups.first.map {
                "\($0.id), \(bytesText($0.bytes))\($0.incomplete ? ", INCOMPLETE" : "")"
            } ?? "none yet"
        print("backups     \(status.backups.count), newest \(newest)")
        if let failure = status.lastFailure {
            print("FAILED      \(failure.kind.rawValue) at \(timestamp(failure.ended)): \(failure.failure ?? "")")
        }
    }
}

private let notRunning =
    "the Backup service says nothing: it is not running, or has no Redis; `mailkeep backup run` needs neither"

/// Connects to Redis for the time of `body`.
private func withBackupJobs<T: Sendable>(
    _ options: RedisOptions, _ body: @escaping @Sendable (BackupJobs) async throws -> T
) async throws -> T {
    guard let host = options.host else {
        throw Failure("say where Redis is: set MAILKEEP_REDIS_HOST or give --redis-host")
    }
    let logger = Logger(label: "mailkeep") { _ in SwiftLogNoOpLogHandler() }
    let client = RedisClient(
        host: host, port: Int(try options.port()),
        password: try options.password().map { String(decoding: $0, as: UTF8.self) },
        logger: logger)
    let connection = Task { await client.run() }
    defer { connection.cancel() }
    for _ in 0..<100 where !client.isConnected { try await Task.sleep(for: .milliseconds(50)) }
    guard client.isConnected else { throw Failure("Redis at \(host) does not answer, or refuses the password") }
    return try await body(BackupJobs(client: client, logger: logger))
}

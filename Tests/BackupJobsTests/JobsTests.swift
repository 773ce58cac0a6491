// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import RedisStreams
import TestSupport
import Testing

@testable import BackupJobs

/// Against a real redis-server.
@Suite(.timeLimit(.minutes(1))) struct JobsTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A side of the conversation: its own connection.
    private func side(_ server: RedisServer) async throws -> (BackupJobs, Task<Void, Never>) {
        let client = RedisClient(host: "127.0.0.1", port: server.port, password: server.password, logger: logger)
        let task = Task { await client.run() }
        while await client.problem() != nil {
            try Task.checkCancellation()
            await Task.yield()
        }
        return (BackupJobs(client: client, logger: logger), task)
    }

    private func status(_ change: (inout BackupStatus) -> Void = { _ in }) -> BackupStatus {
        var status = BackupStatus(
            published: 1_800_000_000, target: "/backups", schedule: "every day at 03:15", retention: "7 daily")
        change(&status)
        return status
    }

    @Test func aRequestWaitsForTheServiceAndIsTakenOnce() async throws {
        let server = try RedisServer()
        let (asker, asking) = try await side(server)
        defer { asking.cancel() }
        let first = try await asker.request(.backup)
        let old = try await asker.request(.tidy, now: Date(timeIntervalSinceNow: -601))
        let second = try await asker.request(.verify(backup: "20261124T031502Z-5f0c9a1e"))
        for wrong in [
            "", "../../x", "20261124T031502Z-5f0c9a1", "20261124T031502Z-5f0c9a1G", "2026112403150200-5f0c9a1e",
        ] {
            await #expect(throws: MalformedBackupID.self) { try await asker.request(.verify(backup: wrong)) }
        }
        #expect(Set([first.id, old.id, second.id]).count == 3)

        let (service, connection) = try await side(server)
        let running = Task { await service.run() }
        defer {
            running.cancel()
            connection.cancel()
        }
        var requests = service.requests().makeAsyncIterator()
        // Between them was one that came too late.
        let taken = [await requests.next(), await requests.next()]
        #expect(taken == [first, second])

        // A service that starts anew is not asked the same again.
        let (next, nextConnection) = try await side(server)
        running.cancel()
        await running.value
        let nextRunning = Task { await next.run() }
        defer {
            nextRunning.cancel()
            nextConnection.cancel()
        }
        let third = try await asker.request(.verify(backup: nil))
        var later = next.requests().makeAsyncIterator()
        let takenLater = await later.next()
        #expect(takenLater == third)
    }

    @Test func aStatusIsReadAsItWasTold() async throws {
        let server = try RedisServer()
        let (service, connection) = try await side(server)
        let (reader, reading) = try await side(server)
        defer {
            connection.cancel()
            reading.cancel()
        }
        #expect(try await reader.status() == nil, "nobody said anything")
        let told = status {
            $0.nextRun = 1_800_010_000
            $0.running = RunningJob(
                request: "00ff", kind: .backup, stage: "reading", doneBytes: 5, totalBytes: 10, started: 1_800_000_000)
            $0.backups = [BackupSummary(id: "20261124T031502Z-5f0c9a1e", taken: 1, files: 2, bytes: 3, verified: 4)]
            $0.ended = [EndedJob(kind: .verify, started: 1, ended: 2, failure: "chunk ab is damaged")]
        }
        service.publish(told)
        // One connection keeps the order.
        while try await reader.status() == nil { await Task.yield() }
        #expect(try await reader.status() == told)
        #expect(told.lastFailure?.failure == "chunk ab is damaged")
    }

    @Test func aStatusIsBounded() throws {
        let big = status {
            $0.target = String(repeating: "t", count: 10_000)
            $0.backups = (0..<1000).map { BackupSummary(id: "\($0)", taken: 1, files: 2, bytes: 3) }
            $0.ended = (0..<1000).map {
                EndedJob(kind: .backup, started: 1, ended: $0, failure: String(repeating: "f", count: 10_000))
            }
        }.bounded
        #expect(big.backups.count == BackupStatus.mostBackups && big.backups[0].id == "0")
        #expect(big.ended.count == BackupStatus.mostEnded)
        #expect(big.target.count == BackupStatus.longestText)
        #expect(try JSONEncoder().encode(big).count < 64 << 10)
    }

    @Test func aFailureIsOverWhenTheSameWasDone() {
        let failed = EndedJob(kind: .backup, started: 1, ended: 5, failure: "no space")
        #expect(status { $0.ended = [failed] }.lastFailure == failed)
        #expect(status { $0.ended = [EndedJob(kind: .verify, started: 6, ended: 7), failed] }.lastFailure == failed)
        #expect(status { $0.ended = [EndedJob(kind: .backup, started: 6, ended: 7), failed] }.lastFailure == nil)
        // Newest first, also within one second.
        #expect(status { $0.ended = [failed, EndedJob(kind: .backup, started: 1, ended: 5)] }.lastFailure == failed)
    }
}

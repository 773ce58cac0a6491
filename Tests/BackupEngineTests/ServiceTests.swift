// SPDX-License-Identifier: Apache-2.0
import BackupJobs
import Foundation
import Logging
import RedisStreams
import TestSupport
import Testing

@testable import BackupEngine

@Suite(.timeLimit(.minutes(1))) struct ServiceTests {
    @Test func aScheduleIsReadAndSaysWhenItIsDue() throws {
        let (day, midnight): (Int64, Int64) = (86_400, 1_795_824_000)
        let daily = try #require(BackupSchedule("03:15"))
        #expect(daily == .daily(minute: 195) && daily.description == "every day at 03:15 UTC")
        let at = midnight + 195 * 60
        #expect(daily.next(now: midnight, last: at - day, chance: 0) == at)
        #expect(daily.next(now: at + 1, last: at, chance: 0) == at + day, "not again on the same day")
        #expect(daily.next(now: at + 5, last: at + 2, chance: 0.5) == at + 300 + day, "nor within its own spread")
        #expect(daily.next(now: midnight, last: at - day, chance: 1) == at + 600, "spread over ten minutes")
        for last in [nil, at - 3 * day] {
            let next = try #require(daily.next(now: midnight, last: last, chance: 0.5))
            #expect((midnight + 60...midnight + 120).contains(next), "made up for after the start")
        }
        let often = try #require(BackupSchedule("every 6h"))
        #expect(often.next(now: midnight, last: midnight - 3_600, chance: 0) == midnight + 5 * 3_600)
        #expect(often.overdue == 43_200 && daily.overdue == 2 * day && BackupSchedule("off")?.overdue == nil)
        #expect(BackupSchedule("off")?.next(now: midnight, last: nil, chance: 0) == nil)
        for wrong in ["", "24:00", "3", "03:60", "every h", "every 0h", "daily"] {
            #expect(BackupSchedule(wrong) == nil)
        }
    }

    @Test func itDoesWhatIsAskedAndTellsHowItWent() async throws {
        let (world, server) = (try await World(), try RedisServer())
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let client = RedisClient(host: "127.0.0.1", port: server.port, password: server.password, logger: logger)
        let jobs = BackupJobs(client: client, logger: logger)
        func start() throws -> (BackupWorker, [Task<Void, Never>]) {
            let backup = BackupRun(
                data: world.data, place: try world.place, keys: world.backupKeys, retention: nil,
                release: "test")
            let asked = BackupJobs(client: client, logger: logger)
            let worker = BackupWorker(
                backup: backup, schedule: .off, verifyDays: 7, jobs: asked, logger: logger,
                lookAgain: .milliseconds(20))
            return (worker, [Task { await worker.run() }, Task { await asked.run() }])
        }
        let connection = Task { await client.run() }
        defer { connection.cancel() }
        while await client.problem() != nil { await Task.yield() }
        let (worker, tasks) = try start()

        func ended(_ request: BackupRequest) async throws -> (job: EndedJob, status: BackupStatus) {
            while true {
                try Task.checkCancellation()
                if let status = try await jobs.status(),
                    let job = status.ended.first(where: { $0.request == request.id }),
                    status.running == nil
                {
                    return (job, status)
                }
                await Task.yield()
            }
        }
        let first = try await ended(jobs.request(.backup))
        #expect(first.job.failure == nil && first.job.kind == .backup)
        let id = try #require(first.job.backup)
        let verified = try await ended(jobs.request(.verify(backup: id)))
        #expect(verified.job.failure == nil && worker.problem() == nil)

        // The store is gone: the backup fails, says so, and what is there stays.
        try FileManager.default.moveItem(atPath: world.data, toPath: world.data + ".away")
        let failed = try await ended(jobs.request(.backup))
        #expect(failed.job.failure?.contains("no store") == true && worker.problem()?.contains("no store") == true)
        #expect(failed.status.lastFailure == failed.job && failed.status.backups.map(\.id) == [id])
        try FileManager.default.moveItem(atPath: world.data + ".away", toPath: world.data)

        // Another process knows the list and the failure from the repository.
        for task in tasks {
            task.cancel()
            await task.value
        }
        let (next, nextTasks) = try start()
        while next.problem() == nil {
            try Task.checkCancellation()
            await Task.yield()
        }
        let again = try await ended(jobs.request(.backup))
        #expect(again.status.backups.count == 2 && again.status.lastFailure == nil && next.problem() == nil)

        // What others do to the repository is told too.
        func told(_ isSo: (BackupStatus) -> Bool) async throws {
            while try await jobs.status().map(isSo) != true {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
        let others = try world.backUp(keeping: Retention("0d"), now: Date(timeIntervalSinceNow: 60))
        try await told { $0.backups.map(\.id) == [others.id] && $0.backups[0].verified == nil }
        _ = try Verification().run(world.place.open(world.backupKeys.repository), others.id)
        try await told { $0.backups.first?.verified != nil }
        for task in nextTasks { task.cancel() }
    }
}

// SPDX-License-Identifier: Apache-2.0
import BackupJobs
import Foundation
import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// What the Backup service does: one job after the other, by the schedule and when asked, and tells how it goes.
package final class BackupWorker: Service {
    /// Jobs that wait; of more, the newest are refused by being forgotten.
    private static let mostWaiting = 16
    private static let publishSeconds: Int64 = 60

    private struct Job: Sendable {
        var work: BackupRequest.Work
        var request: String?

        var kind: BackupJobKind {
            switch work {
            case .backup: .backup
            case .verify: .verify
            case .tidy: .tidy
            }
        }
    }

    private let backup: BackupRun
    private let schedule: BackupSchedule
    /// Days after which the newest backup is verified once more; 0: only when asked.
    private let verifyDays: Int64
    private let lookAgain: Duration
    private let jobs: BackupJobs
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let status: Mutex<BackupStatus>
    private let waiting: AsyncStream<Job>
    private let ask: AsyncStream<Job>.Continuation

    /// - Parameter lookAgain: how long until it looks whether others changed the repository; `nil`: a minute for a folder,
    ///   ten for a remote, which may count or charge for each look.
    package init(
        backup: BackupRun, schedule: BackupSchedule, verifyDays: Int, jobs: BackupJobs, logger: Logger,
        lookAgain: Duration? = nil, now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) {
        self.backup = backup
        self.schedule = schedule
        self.verifyDays = Int64(verifyDays)
        self.lookAgain = lookAgain ?? .seconds(backup.place.isRemote ? 600 : 60)
        self.jobs = jobs
        self.logger = logger
        self.now = now
        status = Mutex(
            BackupStatus(
                published: now(), target: backup.place.text, schedule: schedule.description,
                retention: backup.retention?.description ?? "everything"))
        (waiting, ask) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.mostWaiting))
    }

    /// `nil` when a complete backup is there that is not overdue; else what is wrong. For readiness.
    package func problem() -> String? {
        let (status, now) = (status.withLock { $0 }, now())
        if let failure = status.lastFailure { return "\(failure.kind.rawValue) failed: \(failure.failure ?? "")" }
        guard let overdue = schedule.overdue, !status.backups.isEmpty else { return nil }
        guard let newest = status.backups.first(where: { !$0.incomplete }) else { return "no backup is complete" }
        guard now - newest.taken > overdue else { return nil }
        return "the newest complete backup is \((now - newest.taken) / 3_600) hours old"
    }

    package func run() async {
        await cancelWhenGracefulShutdown { [self] in
            await load()
            await withDiscardingTaskGroup { group in
                group.addTask { [self] in
                    for await request in jobs.requests() { ask.yield(Job(work: request.work, request: request.id)) }
                }
                group.addTask { [self] in await keepTime() }
                group.addTask { [self] in await watch() }
                group.addTask { [self] in
                    for await job in waiting {
                        await perform(job)
                        if Task.isCancelled { return }
                    }
                }
            }
        }
    }

    /// Tells the status each minute, and asks for what is due.
    private func keepTime() async {
        var next = schedule.next(now: now(), last: newest?.taken, chance: .random(in: 0...1))
        while !Task.isCancelled {
            let time = now()
            if let due = next, due <= time, status.withLock({ $0.running == nil }) {
                ask.yield(Job(work: .backup))
                // As if it were done already: a failed one is not tried each minute.
                next = schedule.next(now: time, last: time, chance: .random(in: 0...1))
            }
            change { [next] in $0.nextRun = next }
            // What is said while Redis is away is lost: again as soon as it is there.
            let wait = jobs.isConnected ? min(Self.publishSeconds, max(1, (next ?? .max) - time)) : 1
            try? await Task.sleep(for: .seconds(wait))
        }
    }

    /// Others work on the repository too (`mailkeep backup run`, `verify`, `tidy`): what they did is seen by the names.
    private func watch() async {
        let (place, key) = (backup.place, backup.keys.repository)
        var isReadable = true
        while true {
            do { try await Task.sleep(for: lookAgain) } catch { return }
            let before = status.withLock { $0 }
            guard before.running == nil else { continue }
            do {
                let summaries = try await JobThread.run(JobControl()) { () -> [BackupSummary]? in
                    let repository = try place.open(key)
                    let ids = try repository.backups()
                    let verified = Set(before.backups.filter { $0.verified != nil }.map(\.id))
                    guard
                        try ids != before.backups.reversed().map(\.id)
                            || repository.verifiedBackups().intersection(ids) != verified
                    else { return nil }
                    return try repository.summaries()
                }
                isReadable = true
                if let summaries { replace(before, summaries) }
            } catch BackupError.noRepository where before.backups.isEmpty {} catch {
                if isReadable {
                    logger.warning("the repository cannot be read", metadata: ["error": "\(error)"])
                }
                isReadable = false
            }
        }
    }

    /// Unless a job of our own came between, which has read the list since.
    private func replace(_ before: BackupStatus, _ summaries: [BackupSummary]) {
        let isNew = status.withLock { status in
            guard status.running == nil, status.ended == before.ended else { return false }
            status.backups = summaries
            return true
        }
        guard isNew else { return }
        measure(summaries)
        change { _ in }
    }

    private var newest: BackupSummary? { status.withLock { $0.backups.first } }

    /// What the repository has and what happened last; a repository that is not there yet has nothing.
    private func load() async {
        let (place, key) = (backup.place, backup.keys.repository)
        do {
            let (summaries, ended) = try await JobThread.run(JobControl()) {
                let repository = try place.open(key)
                return (try repository.summaries(), try repository.endedJobs())
            }
            change {
                $0.backups = summaries
                $0.ended = ended
            }
            measure(summaries)
        } catch BackupError.noRepository {} catch {
            logger.warning("the repository cannot be read", metadata: ["error": "\(error)"])
        }
    }

    private func measure(_ summaries: [BackupSummary]) {
        if let newest = summaries.first {
            Gauge(label: "mailkeep_backup_newest_seconds").record(newest.taken)
            Gauge(label: "mailkeep_backup_newest_bytes").record(newest.bytes)
        }
        Gauge(label: "mailkeep_backups").record(summaries.count)
    }

    private func perform(_ job: Job) async {
        let started = now()
        logger.notice("\(job.kind.rawValue) begins", metadata: ["request": "\(job.request ?? "schedule")"])
        change { $0.running = RunningJob(request: job.request, kind: job.kind, stage: "beginning", started: started) }
        let shown = Mutex(started)
        let control = JobControl { [self] progress in
            let time = now()
            let isDue = shown.withLock { shown in
                defer { shown = time }
                return time != shown
            }
            change(tell: isDue) {
                $0.running?.stage = progress.stage
                $0.running?.doneBytes = progress.doneBytes
                $0.running?.totalBytes = progress.totalBytes
            }
        }
        var ended = EndedJob(request: job.request, kind: job.kind, started: started, ended: started)
        do { ended.backup = try await work(job.work, control) } catch {
            ended.failure = "\(error)"
            if case BackupError.incomplete(let backup, _) = error { ended.backup = backup }
        }
        ended.ended = now()
        Counter(
            label: "mailkeep_backup_jobs_total",
            dimensions: [
                ("kind", job.kind.rawValue), ("outcome", ended.failure == nil ? "done" : "failed"),
            ]
        ).increment()
        if let failure = ended.failure {
            logger.error("\(job.kind.rawValue) failed", metadata: ["error": "\(failure)"])
        } else {
            logger.notice("\(job.kind.rawValue) is done", metadata: ["backup": "\(ended.backup ?? "")"])
        }
        await finish(ended)
        if job.request == nil, job.kind == .backup, ended.failure == nil { askForVerification() }
    }

    private func work(_ work: BackupRequest.Work, _ control: JobControl) async throws -> String? {
        let (backup, place, key) = (backup, backup.place, backup.keys.repository)
        return try await JobThread.run(control) {
            switch work {
            case .backup: return try backup.run(control).id
            case .verify(let id):
                let outcomes = try Verification().run(place.open(key), id, control)
                let damaged = outcomes.filter { !$0.damaged.isEmpty }
                guard let first = damaged.first else { return id }
                throw BackupError.damaged("backup \(first.backup): \(first.damaged.prefix(3).joined(separator: "; "))")
            case .tidy:
                guard let retention = backup.retention else { return nil }
                _ = try place.open(key).tidy(retention, control)
                return nil
            }
        }
    }

    /// Kept in the repository for the next start; then told, with the list as it is now.
    private func finish(_ job: EndedJob) async {
        let (place, key) = (backup.place, backup.keys.repository)
        let ended = status.withLock { [job] + $0.ended.prefix(BackupStatus.mostEnded - 1) }
        var summaries: [BackupSummary]?
        do {
            summaries = try await JobThread.run(JobControl()) {
                let repository = try place.open(key)
                try repository.keep(ended)
                return try repository.summaries()
            }
        } catch {
            logger.warning("the repository does not take what happened", metadata: ["error": "\(error)"])
        }
        if let summaries { measure(summaries) }
        change { [summaries] in
            $0.running = nil
            $0.ended = ended
            if let summaries { $0.backups = summaries }
        }
    }

    private func askForVerification() {
        guard verifyDays > 0 else { return }
        let limit = now() - verifyDays * 86_400
        let (last, newest) = status.withLock { ($0.backups.compactMap(\.verified).max() ?? 0, $0.backups.first?.id) }
        if last < limit, let newest { ask.yield(Job(work: .verify(backup: newest))) }
    }

    private func change(tell: Bool = true, _ body: (inout BackupStatus) -> Void) {
        let told = status.withLock { status in
            body(&status)
            status.published = now()
            return status
        }
        if tell { jobs.publish(told) }
    }
}

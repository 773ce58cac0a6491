// SPDX-License-Identifier: Apache-2.0
import BackupJobs
import HTTPTypes
import Hummingbird

extension AdminPages {
    struct BackupsPage {
        struct Running {
            let kind: String
            let stage: String
            let started: Moment
            let done: String
            let total: String?
            /// Hundredths of the whole; `nil` while it is not known.
            let percent: Int?
        }

        struct Ended {
            let kind: String
            let at: Moment
            let backup: String?
            let failure: String?
        }

        struct Backup {
            let id: String
            let taken: Moment
            let files: Int
            let size: String
            let verified: Moment?
            let isIncomplete: Bool
        }

        /// Why nothing is known; the rest is empty then.
        let silence: String?
        let target: String
        let schedule: String
        let retention: String
        let nextRun: Moment?
        let running: Running?
        let lastFailure: Ended?
        let ended: [Ended]
        let backups: [Backup]
        let links: Pager.Links?
    }

    func backups(_ visit: Visit) async throws -> Response {
        let t = visit.texts
        let status: BackupStatus?
        var silence: String?
        do {
            status = try await backend.backups?.status()
            if status == nil { silence = t(.backupsSilent) }
        } catch {
            status = nil
            silence = t(.backupsNoRedis)
        }
        let pager = Pager(page: visit.query.text("page"))
        let all = status?.backups ?? []
        let page = BackupsPage(
            silence: silence, target: status?.target ?? "", schedule: status?.schedule ?? "",
            retention: status?.retention ?? "", nextRun: status?.nextRun.map(Moment.init),
            running: status?.running.map { running($0, t) }, lastFailure: status?.lastFailure.map { ended($0, t) },
            ended: (status?.ended ?? []).map { ended($0, t) },
            backups: all.dropFirst(pager.offset).prefix(pager.limit).map {
                BackupsPage.Backup(
                    id: $0.id, taken: Moment($0.taken), files: $0.files, size: Size.text($0.bytes),
                    verified: $0.verified.map(Moment.init), isIncomplete: $0.incomplete)
            }, links: pager.links(all: all.count, path: Place.backups.rawValue, texts: t))
        return visit.page(
            .backups, title: t(.backupsTitle), at: .backups, refresh: page.running == nil ? nil : 3, page)
    }

    private func running(_ job: RunningJob, _ t: Texts) -> BackupsPage.Running {
        BackupsPage.Running(
            kind: kind(job.kind, t), stage: job.stage, started: Moment(job.started), done: Size.text(job.doneBytes),
            total: job.totalBytes.map(Size.text),
            percent: job.totalBytes.flatMap { $0 > 0 ? Int(min(max(job.doneBytes, 0), $0) * 100 / $0) : nil })
    }

    private func ended(_ job: EndedJob, _ t: Texts) -> BackupsPage.Ended {
        BackupsPage.Ended(
            kind: kind(job.kind, t), at: Moment(job.ended), backup: job.backup, failure: job.failure)
    }

    private func kind(_ kind: BackupJobKind, _ t: Texts) -> String {
        switch kind {
        case .backup: t(.backupKindBackup)
        case .verify: t(.backupKindVerify)
        case .tidy: t(.backupKindTidy)
        }
    }

    func runBackup(_ visit: Visit) async throws -> Response {
        try await ask(visit, .backup, "backup now", .backupAsked)
    }

    func verifyBackup(_ visit: Visit) async throws -> Response {
        let id = visit.form.text("backup")
        let status: BackupStatus?
        do { status = try await backend.backups?.status() } catch {
            return visit.problem(.serviceUnavailable, .backupsNoRedis)
        }
        guard let status else { return visit.problem(.serviceUnavailable, .backupsSilent) }
        guard status.backups.contains(where: { $0.id == id }) else {
            return visit.problem(.badRequest, .problemRequest)
        }
        return try await ask(visit, .verify(backup: id), "backup verify", .backupVerifyAsked, of: id)
    }

    private func ask(
        _ visit: Visit, _ work: BackupRequest.Work, _ action: String, _ phrase: Phrase, of subject: String = ""
    ) async throws -> Response {
        guard let backups = backend.backups else { return visit.problem(.serviceUnavailable, .backupsNoRedis) }
        do { try await backups.request(work) } catch {
            visit.logger.warning("a backup could not be asked for", metadata: ["error": "\(error)"])
            return visit.problem(.serviceUnavailable, .backupsNoRedis)
        }
        try await backend.directory.note(action, subject, by: visit.actor)
        return visit.redirect(to: Place.backups.rawValue, saying: phrase, of: subject)
    }
}

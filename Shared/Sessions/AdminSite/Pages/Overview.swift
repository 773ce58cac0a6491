// SPDX-License-Identifier: Apache-2.0
import BackupJobs
import Hummingbird

/// What an administrator sees first, and the log of changes.
extension AdminPages {
    struct OverviewPage {
        struct Figure {
            let path: String
            let name: String
            let value: String
            let detail: String?
            let isWrong: Bool
        }

        let figures: [Figure]
        let services: [ServiceState]
    }

    struct AuditPage {
        struct Row {
            let at: Moment
            let actor: String
            let action: String
            let subject: String
        }

        let rows: [Row]
        let links: Pager.Links?
    }

    func overview(_ visit: Visit) async throws -> Response {
        let t = visit.texts
        async let services = serviceStates(t)
        let domains = try await backend.directory.domains()
        let queue = try await backend.queue.depth()
        let figures = [
            OverviewPage.Figure(
                path: Place.domains.rawValue, name: t(.domainsTitle), value: "\(domains.count)", detail: nil,
                isWrong: false),
            OverviewPage.Figure(
                path: Place.accounts.rawValue, name: t(.accountsTitle),
                value: "\(domains.reduce(0) { $0 + $1.accounts })", detail: nil, isWrong: false),
            OverviewPage.Figure(
                path: Place.aliases.rawValue, name: t(.aliasesTitle),
                value: "\(domains.reduce(0) { $0 + $1.aliases })", detail: nil, isWrong: false),
            OverviewPage.Figure(
                path: Place.queue.rawValue, name: t(.queueTitle), value: "\(queue.deliveries)",
                detail: queue.deliveries == 0
                    ? nil : t(.queueOldest, ["minutes": "\(queue.oldestSeconds / 60)"]), isWrong: false),
            await backupFigure(t),
        ]
        return visit.page(
            .overview, title: t(.overviewTitle), at: .overview,
            OverviewPage(figures: figures, services: await services))
    }

    private func backupFigure(_ t: Texts) async -> OverviewPage.Figure {
        let status = try? await backend.backups?.status()
        let last = status?.backups.first.map { Moment($0.taken).text }
        let failure = status?.lastFailure?.failure
        return OverviewPage.Figure(
            path: Place.backups.rawValue, name: t(.backupsTitle), value: status.map { "\($0.backups.count)" } ?? "–",
            detail: failure ?? last.map { t(.backupLast, ["time": $0]) }
                ?? t(status == nil ? .backupUnknown : .backupNone),
            isWrong: failure != nil || status == nil)
    }

    func audit(_ visit: Visit) async throws -> Response {
        let t = visit.texts
        let pager = Pager(page: visit.query.text("page"))
        let found = try await backend.directory.audit(limit: pager.limit, offset: pager.offset)
        let page = AuditPage(
            rows: found.map {
                AuditPage.Row(at: Moment($0.at), actor: $0.actor, action: $0.action, subject: $0.subject)
            },
            links: pager.links(
                all: try await backend.directory.auditCount(), path: Place.audit.rawValue, texts: t))
        return visit.page(.audit, title: t(.auditTitle), at: .audit, page)
    }
}

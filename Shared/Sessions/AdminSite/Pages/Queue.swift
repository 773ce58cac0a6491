// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import OutgoingQueue

extension AdminPages {
    struct QueuePage {
        struct Row {
            let id: Int64
            let sender: String
            let recipient: String
            let size: String
            let arrived: Moment
            let attempts: Int
            let state: String
            let due: Moment?
            let isHeld: Bool
        }

        let rows: [Row]
        let links: Pager.Links?
    }

    struct DeliveryPage {
        struct Attempt {
            let at: Moment
            let host: String?
            let status: String
            let reply: String
        }

        let row: QueuePage.Row
        let kind: String
        let message: Int64
        let story: [Attempt]
    }

    func queue(_ visit: Visit) async throws -> Response {
        let t = visit.texts
        let pager = Pager(page: visit.query.text("page"))
        let all = try await backend.queue.depth().deliveries
        let page = QueuePage(
            rows: try await backend.queue.list(limit: pager.limit, offset: pager.offset).map { row($0, t) },
            links: pager.links(all: all, path: Place.queue.rawValue, texts: t))
        return visit.page(.queue, title: t(.queueTitle), at: .queue, page)
    }

    func delivery(_ visit: Visit) async throws -> Response {
        try await withDelivery(visit) { delivery in
            let t = visit.texts
            let page = DeliveryPage(
                row: row(delivery, t), kind: t(delivery.kind == "local" ? .queueLocal : .queueRemote),
                message: delivery.message,
                story: delivery.story.map {
                    DeliveryPage.Attempt(
                        at: Moment($0.at), host: $0.host.isEmpty ? nil : $0.host, status: $0.status, reply: $0.reply)
                })
            return visit.page(.delivery, title: t(.deliveryTitle, ["id": "\(delivery.id)"]), at: .queue, page)
        }
    }

    private func row(_ delivery: QueuedDelivery, _ t: Texts) -> QueuePage.Row {
        let isWaiting = !delivery.inDelivery && !delivery.held
        return QueuePage.Row(
            id: delivery.id, sender: delivery.sender.isEmpty ? "<>" : delivery.sender, recipient: delivery.recipient,
            size: Size.text(delivery.size), arrived: Moment(delivery.arrived), attempts: delivery.attempts,
            state: t(delivery.inDelivery ? .queueInDelivery : delivery.held ? .queueHeld : .queueDue),
            due: isWaiting ? Moment(delivery.due) : nil, isHeld: delivery.held)
    }

    private func withDelivery(
        _ visit: Visit, _ page: (QueuedDelivery) async throws -> Response
    ) async throws -> Response {
        guard let id = Int64(visit.part("delivery")), let delivery = try await backend.queue.show(id) else {
            return visit.problem(.notFound, .queueGone)
        }
        return try await page(delivery)
    }

    func retryAll(_ visit: Visit) async throws -> Response {
        let count = try await backend.queue.retry()
        if count > 0 { try await backend.directory.note("queue retry", "all (\(count))", by: visit.actor) }
        return visit.redirect(to: Place.queue.rawValue, saying: .queueRetriedAll, of: "\(count)")
    }

    func retry(_ visit: Visit) async throws -> Response {
        try await change(visit, "queue retry", .queueRetried, to: visit.part("delivery")) {
            try await backend.queue.retry([$0])
        }
    }

    func hold(_ visit: Visit) async throws -> Response {
        try await change(visit, "queue hold", .queueWasHeld, to: visit.part("delivery")) {
            try await backend.queue.hold([$0])
        }
    }

    func removeDeliveryForm(_ visit: Visit) async throws -> Response {
        try await withDelivery(visit) { delivery in
            let t = visit.texts
            return visit.confirm(
                ConfirmPage(
                    question: t(.queueRemoveQuestion, ["name": delivery.recipient]),
                    explanation: t(.queueRemoveText), action: "/admin/queue/\(delivery.id)/remove",
                    button: t(.queueRemoveButton), back: "/admin/queue/\(delivery.id)"), at: .queue)
        }
    }

    func removeDelivery(_ visit: Visit) async throws -> Response {
        try await change(visit, "queue remove", .queueRemoved, to: nil) { try await backend.queue.remove([$0]) }
    }

    private func change(
        _ visit: Visit, _ action: String, _ phrase: Phrase, to path: String?, _ body: (Int64) async throws -> Int
    ) async throws -> Response {
        try await withDelivery(visit) { delivery in
            guard try await body(delivery.id) == 1 else { return visit.problem(.notFound, .queueGone) }
            try await backend.directory.note(
                action, "\(delivery.id) to \(delivery.recipient)", by: visit.actor)
            return visit.redirect(
                to: Place.queue.rawValue + (path.map { "/" + $0 } ?? ""), saying: phrase, of: delivery.recipient)
        }
    }
}

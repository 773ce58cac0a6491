// SPDX-License-Identifier: Apache-2.0
import CalendarStore
import DAVGrammar
import Logging

/// Answers the requests of one user: CalDAV (RFC 4791) and CardDAV (RFC 6352) over the user's own store.
package struct DAVSession: Sendable {
    /// Bytes of objects in one answer; what does not fit is told as 507, and clients ask again for less.
    static let answerBytes = 32 * 1024 * 1024
    /// Changes in one answer to sync-collection.
    static let syncLimit = 5_000

    let user: String
    let store: CalendarStore
    let limits: CollectionLimits
    private let announce: @Sendable () -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - user: the address that the user logged in with, in lower case: the name in all paths.
    ///   - announce: tells others that something changed; must not wait.
    package init(
        user: String, store: CalendarStore, limits: CollectionLimits = CollectionLimits(),
        announce: @escaping @Sendable () -> Void, logger: Logger
    ) {
        self.user = user
        self.store = store
        self.limits = limits
        self.announce = announce
        self.logger = logger
    }

    var properties: Properties { Properties(user: user, limits: limits, use: nil) }

    package static let methods = [
        "OPTIONS", "GET", "HEAD", "PUT", "DELETE", "COPY", "MOVE", "PROPFIND", "PROPPATCH", "REPORT", "MKCOL",
        "MKCALENDAR",
    ]
    package static let optionFields = [
        ("dav", "1, 3, extended-mkcol, calendar-access, addressbook"), ("allow", methods.joined(separator: ", ")),
    ]

    /// Bytes of a request's body that are worth reading.
    package func bodyLimit(_ method: String) -> Int { method == "PUT" ? limits.objectBytes : 1024 * 1024 }

    /// Never fails: a failure is an answer.
    package func answer(_ request: DAVRequest) async -> DAVAnswer {
        do {
            let resource = try Resource(request.path, user: user)
            return try await carryOut(request, resource)
        } catch let failure as DAVFailure {
            return failure.answer
        } catch let error as CollectionError {
            return DAVFailure(error, self).answer
        } catch let error as DAVRequestError {
            return DAVFailure(error).answer
        } catch {
            logger.error("a request failed", metadata: ["error": "\(error)", "method": "\(request.method)"])
            return DAVAnswer(500)
        }
    }

    private func carryOut(_ request: DAVRequest, _ resource: Resource) async throws -> DAVAnswer {
        switch (request.method, resource) {
        case ("OPTIONS", _): return DAVAnswer(200, Self.optionFields)
        case ("PROPFIND", _): return try await propfind(request, resource)
        case ("GET", .object(let kind, let collection, let name)),
            ("HEAD", .object(let kind, let collection, let name)):
            return try await get(request, kind, collection, name)
        case ("PUT", .object(let kind, let collection, let name)):
            return try await changing { try await put(request, kind, collection, name) }
        case ("DELETE", .object(let kind, let collection, let name)):
            return try await changing {
                try await store.remove(kind, collection, name, try precondition(request))
                return DAVAnswer(204)
            }
        case ("COPY", .object(let kind, let collection, let name)),
            ("MOVE", .object(let kind, let collection, let name)):
            return try await changing { try await transfer(request, kind, from: ObjectPlace(collection, name)) }
        case ("DELETE", .collection(let kind, let name)):
            return try await changing {
                try await store.delete(kind, name)
                return DAVAnswer(204)
            }
        case ("MKCALENDAR", .collection(.calendar, let name)):
            return try await changing { try await make(request, .calendar, name) }
        case ("MKCOL", .collection(let kind, let name)):
            return try await changing { try await make(request, kind, name) }
        case ("PROPPATCH", .collection(let kind, let name)):
            return try await changing { try await patch(request, kind, name) }
        case ("REPORT", .collection(let kind, let name)): return try await report(request, kind, name)
        case ("PROPPATCH", _): return try await refusePatch(request, resource)
        case ("REPORT", _): throw DAVFailure(403, .supportedReport)
        case ("COPY", .collection), ("MOVE", .collection): throw DAVFailure(403, "collections stay where they are")
        case ("MKCALENDAR", .collection), ("MKCALENDAR", .object), ("MKCOL", .object):
            throw DAVFailure(403, .calendarCollectionLocation)
        case (let method, _) where Self.methods.contains(method):
            return DAVAnswer(405, [("allow", resource.methods.joined(separator: ", "))])
        default: return DAVAnswer(501)
        }
    }

    private func changing(_ body: () async throws -> DAVAnswer) async throws -> DAVAnswer {
        let answer = try await body()
        announce()
        return answer
    }

    /// If-Match and If-None-Match.
    func precondition(_ request: DAVRequest) throws(DAVFailure) -> Precondition {
        if let field = request.fields["if-none-match"] {
            // Of tags, only "none at all" makes sense for a change.
            guard EntityTags(field) == .any else { throw DAVFailure(400, "If-None-Match is * here") }
            return .isNew
        }
        guard let field = request.fields["if-match"] else { return .none }
        switch EntityTags(field) {
        case .any?: return .exists
        case .tags(let tags)?: return .isOneOf(tags)
        case nil: throw DAVFailure(400, "If-Match is malformed")
        }
    }
}

extension DAVFailure {
    init(_ error: CollectionError, _ session: DAVSession) {
        switch error {
        case .noSuchCollection, .noSuchObject: self.init(404)
        case .noTargetCollection: self.init(409, "there is no such collection to go to")
        case .collectionExists: self.init(405, .resourceMustBeNull)
        case .preconditionFailed: self.init(412, "it is another by now")
        // Where it is known which, `put` tells.
        case .uidConflict: self.init(409, "another object has that UID")
        case .unsupportedComponent: self.init(403, .supportedCalendarComponent)
        case .invalidSyncToken: self.init(403, .validSyncToken)
        case .invalidName: self.init(400, "that name cannot be")
        case .tooLarge: self.init(403, .maxResourceSize)
        case .limit: self.init(507, "there is no room for more")
        case .store(.overQuota): self.init(507, .quotaNotExceeded)
        case .store(.diskFull): self.init(507, "the disk is full")
        case .store(let error): self.init(error.isTemporary ? 503 : 500, "not just now")
        }
    }

    init(_ error: DAVRequestError) {
        switch error {
        case .malformed(let reason): self.init(400, reason)
        case .unknownReport: self.init(403, .supportedReport)
        case .unsupportedFilter: self.init(403, .supportedFilter)
        case .unsupportedCollation: self.init(412, .supportedCollation)
        case .unsupportedData: self.init(403, .supportedCalendarData)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
import CalendarFormat
import CalendarStore
import DAVGrammar

/// REPORT: multiget, query and sync-collection.
extension DAVSession {
    func report(_ request: DAVRequest, _ kind: CollectionKind, _ name: String) async throws -> DAVAnswer {
        switch try Report(try request.neededXML()) {
        case .multiget(let wanted, let addresses): return try await multiget(kind, name, wanted, addresses)
        case .sync(let wanted, let token, let limit):
            return try await sync(kind, name, wanted, token, limit)
        case .calendarQuery(let wanted, let filter):
            guard kind == .calendar else { throw DAVFailure(403, .supportedReport) }
            var query = try CalendarQuery(filter)
            let candidates = try await store.objects(in: name, during: query.range, component: query.component)
            return try await matching(kind, name, wanted, candidates, limit: nil) { query.matches($0.data) }
        case .addressBookQuery(let wanted, let filter, let limit):
            guard kind == .addressBook else { throw DAVFailure(403, .supportedReport) }
            let candidates = try await store.objects(kind, name)
            return try await matching(kind, name, wanted, candidates, limit: limit) {
                CardQuery(filter).matches($0.data)
            }
        case .freeBusy: throw DAVFailure(403, .supportedReport)
        }
    }

    private func multiget(
        _ kind: CollectionKind, _ collection: String, _ wanted: PropertyRequest, _ addresses: [String]
    ) async throws -> DAVAnswer {
        // By name; nil: no address of an object in this collection.
        var names: [(address: String, name: String?)] = []
        for address in addresses {
            var name: String?
            if let path = DAVPath(parsing: address),
                case .object(kind, collection, let found)? = try? Resource(path, user: user)
            {
                name = found
            }
            names.append((address, name))
        }
        var answer = Answer(properties, kind, collection, wanted)
        var rest = names.compactMap(\.name)[...]
        var found: Set<String> = []
        while !rest.isEmpty, answer.hasRoom {
            let (objects, taken) = try await store.objects(kind, collection, named: rest)
            for object in objects where found.insert(object.metadata.name).inserted { answer.add(object) }
            for name in rest.prefix(taken) where !found.contains(name) {
                answer.responses.append(
                    .init(Resource.object(kind, collection, name).address(user: user), .status(404, nil)))
            }
            rest = rest.dropFirst(taken)
        }
        for (address, name) in names where name == nil {
            answer.responses.append(.init(address, .status(404, nil)))
        }
        for name in rest {
            answer.responses.append(
                .init(
                    Resource.object(kind, collection, name).address(user: user),
                    .status(507, .numberOfMatchesWithinLimits)))
        }
        return DAVAnswer(Multistatus(answer.responses))
    }

    private func sync(
        _ kind: CollectionKind, _ collection: String, _ wanted: PropertyRequest, _ text: String?, _ limit: Int?
    ) async throws -> DAVAnswer {
        var token: SyncToken?
        if let text {
            guard let known = SyncToken(text) else { throw DAVFailure(403, .validSyncToken) }
            token = known
        }
        let changes = try await store.changes(
            kind, collection, since: token, limit: min(limit ?? Self.syncLimit, Self.syncLimit))
        var answer = Answer(properties, kind, collection, wanted)
        for metadata in changes.changed { answer.add(metadata) }
        var responses = answer.responses
        for name in changes.gone {
            responses.append(.init(Resource.object(kind, collection, name).address(user: user), .status(404, nil)))
        }
        if changes.isTruncated {
            // RFC 6578 section 3.6: the collection itself, and a token to go on from.
            responses.append(
                .init(
                    Resource.collection(kind, collection).address(user: user),
                    .status(507, .numberOfMatchesWithinLimits)))
        }
        return DAVAnswer(Multistatus(responses, syncToken: changes.token.description))
    }

    private func matching(
        _ kind: CollectionKind, _ collection: String, _ wanted: PropertyRequest, _ candidates: [ObjectMetadata],
        limit: Int?, _ matches: (CollectionObject) -> Bool
    ) async throws -> DAVAnswer {
        var answer = Answer(properties, kind, collection, wanted)
        var rest = candidates.map(\.name)[...]
        var count = 0
        var isCut = false
        while !rest.isEmpty, !isCut {
            let (objects, taken) = try await store.objects(kind, collection, named: rest)
            rest = rest.dropFirst(taken)
            for object in objects where matches(object) {
                guard answer.hasRoom, count < limit ?? .max else {
                    isCut = true
                    break
                }
                count += 1
                answer.add(object)
            }
            try Task.checkCancellation()
        }
        if isCut {
            answer.responses.append(
                .init(
                    Resource.collection(kind, collection).address(user: user),
                    .status(507, .numberOfMatchesWithinLimits)))
        }
        return DAVAnswer(Multistatus(answer.responses))
    }

    /// An answer that grows to its bound.
    private struct Answer {
        let properties: Properties
        let kind: CollectionKind
        let collection: String
        let wanted: PropertyRequest
        private let wantsData: Bool
        private var bytes = 0
        var responses: [Multistatus.Response] = []

        init(_ properties: Properties, _ kind: CollectionKind, _ collection: String, _ wanted: PropertyRequest) {
            (self.properties, self.kind, self.collection, self.wanted) = (properties, kind, collection, wanted)
            wantsData =
                if case .some(let elements) = wanted { elements.contains { $0.name == kind.dataName } } else { false }
        }

        var hasRoom: Bool { bytes < DAVSession.answerBytes }

        mutating func add(_ object: CollectionObject) {
            if wantsData { bytes += object.data.count }
            add(object.metadata, data: wantsData ? object.data : nil)
        }

        mutating func add(_ metadata: ObjectMetadata, data: [UInt8]? = nil) {
            responses.append(
                properties.response(.object(kind, collection: collection, metadata, data: data), wanted))
        }
    }
}

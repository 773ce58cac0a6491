// SPDX-License-Identifier: Apache-2.0
import CalendarStore
import DAVGrammar

/// PROPFIND (RFC 4918 section 9.1), PROPPATCH, MKCOL and MKCALENDAR.
extension DAVSession {
    func propfind(_ request: DAVRequest, _ resource: Resource) async throws -> DAVAnswer {
        guard let depth = Depth(request.fields["depth"], absent: .infinity) else {
            throw DAVFailure(400, "which depth?")
        }
        guard depth != .infinity else { throw DAVFailure(403, .propfindFiniteDepth) }
        let wanted = try PropertyRequest(propfind: try request.xml())
        var found = [try await describe(resource)]
        if depth == .one { found += try await children(of: resource) }
        let properties = Properties(user: user, limits: limits, use: try await store.use())
        return DAVAnswer(Multistatus(found.map { properties.response($0, wanted) }))
    }

    private func describe(_ resource: Resource) async throws(CollectionError) -> Described {
        switch resource {
        case .root: return .root
        case .principal: return .principal
        case .home(let kind): return .home(kind)
        case .collection(let kind, let name): return .collection(try await store.collection(kind, name))
        case .object(let kind, let collection, let name):
            let object = try await store.object(kind, collection, name)
            return .object(kind, collection: collection, object.metadata, data: nil)
        }
    }

    private func children(of resource: Resource) async throws(CollectionError) -> [Described] {
        switch resource {
        case .root: return [.principal, .home(.calendar), .home(.addressBook)]
        case .principal, .object: return []
        case .home(let kind): return try await store.collections(kind).map { .collection($0) }
        case .collection(let kind, let name):
            return try await store.objects(kind, name).map { .object(kind, collection: name, $0, data: nil) }
        }
    }

    func patch(_ request: DAVRequest, _ kind: CollectionKind, _ name: String) async throws -> DAVAnswer {
        let changes = try PropertyChanges(try request.neededXML(), root: .dav("propertyupdate"))
        let edit = PropertyEdit(changes, kind, isNew: false)
        if edit.refused.isEmpty {
            try await store.update(kind, name, edit.apply)
        } else {
            _ = try await store.collection(kind, name)
        }
        let address = Resource.collection(kind, name).address(user: user)
        return DAVAnswer(Multistatus([.init(address, .properties(edit.groups()))]))
    }

    /// Only collections have properties to set: each is refused by name.
    func refusePatch(_ request: DAVRequest, _ resource: Resource) async throws -> DAVAnswer {
        let changes = try PropertyChanges(try request.neededXML(), root: .dav("propertyupdate"))
        let address = try await describe(resource).resource.address(user: user)
        return DAVAnswer(
            Multistatus([.init(address, .properties([(403, changes.changes.map { XMLElement($0.name) })]))]))
    }

    /// RFC 4791 section 5.3.1; RFC 5689, whose resource type may be left out: the home says what is made.
    func make(_ request: DAVRequest, _ kind: CollectionKind, _ name: String) async throws -> DAVAnswer {
        let root: XMLName = request.method == "MKCALENDAR" ? .calendar("mkcalendar") : .dav("mkcol")
        let edit = PropertyEdit(try PropertyChanges(try request.xml(), root: root), kind, isNew: true)
        guard edit.refused.isEmpty else {
            let address = Resource.collection(kind, name).address(user: user)
            var answer = DAVAnswer(Multistatus([.init(address, .properties(edit.groups()))]))
            answer.status = 403
            return answer
        }
        var properties = CollectionProperties(displayName: name)
        edit.apply(&properties)
        try await store.create(kind, name, properties)
        return DAVAnswer(201)
    }
}

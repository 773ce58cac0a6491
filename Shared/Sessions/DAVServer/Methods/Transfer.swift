// SPDX-License-Identifier: Apache-2.0
import CalendarStore
import DAVGrammar

/// COPY and MOVE of an object (RFC 4918 sections 9.8 and 9.9): calendar programs move an event to another calendar so.
/// Collections stay where they are.
extension DAVSession {
    func transfer(
        _ request: DAVRequest, _ kind: CollectionKind, from source: ObjectPlace
    ) async throws -> DAVAnswer {
        let target = try self.target(request, kind)
        guard target != source else { throw DAVFailure(403, "it is there already") }
        let overwrites: Bool
        switch request.fields["overwrite"]?.uppercased() {
        case nil, "T"?: overwrites = true
        case "F"?: overwrites = false
        default: throw DAVFailure(400, "Overwrite is T or F")
        }
        do {
            let isNew = try await store.transfer(
                kind, from: source, to: target, isMove: request.method == "MOVE", overwrites: overwrites,
                try precondition(request))
            return DAVAnswer(isNew ? 201 : 204)
        } catch CollectionError.uidConflict(let other) {
            let address = Resource.object(kind, target.collection, other).address(user: user)
            throw DAVFailure(409, .noUIDConflict(address: address, isCalendar: kind == .calendar))
        }
    }

    private func target(_ request: DAVRequest, _ kind: CollectionKind) throws(DAVFailure) -> ObjectPlace {
        guard let field = request.fields["destination"] else { throw DAVFailure(400, "Destination is missing") }
        guard let path = DAVPath(parsing: field) else { throw DAVFailure(400, "Destination is no address") }
        if let host = DAVPath.host(of: field), let own = request.fields["host"], host != own.lowercased() {
            throw DAVFailure(502, "Destination is another server")
        }
        guard case .object(kind, let collection, let name) = try Resource(path, user: user) else {
            throw DAVFailure(403, "an object goes where objects of its kind are")
        }
        return ObjectPlace(collection, name)
    }
}

// SPDX-License-Identifier: Apache-2.0
import CalendarFormat
import CalendarStore
import DAVGrammar

/// GET, HEAD and PUT of an object.
extension DAVSession {
    func get(
        _ request: DAVRequest, _ kind: CollectionKind, _ collection: String, _ name: String
    ) async throws -> DAVAnswer {
        let object = try await store.object(kind, collection, name)
        let etag = object.metadata.etag
        let fields = [("etag", "\"\(etag)\""), ("content-type", kind.contentType)]
        switch request.fields["if-none-match"].flatMap(EntityTags.init) {
        case .any?: return DAVAnswer(304, fields)
        case .tags(let tags)? where tags.contains(etag): return DAVAnswer(304, fields)
        default: return DAVAnswer(200, fields, body: object.data)
        }
    }

    /// RFC 4791 section 5.3.2, RFC 6352 section 5.3.2. The tag is told, since the bytes are kept as they came.
    func put(
        _ request: DAVRequest, _ kind: CollectionKind, _ collection: String, _ name: String
    ) async throws -> DAVAnswer {
        let object = try Self.read(request.body, kind, name)
        do {
            let (etag, isNew) = try await store.put(kind, collection, object, try precondition(request))
            return DAVAnswer(isNew ? 201 : 204, [("etag", "\"\(etag)\"")])
        } catch let error as CollectionError {
            switch error {
            case .noSuchCollection: throw DAVFailure(409, "there is no such collection")
            case .uidConflict(let other):
                let address = Resource.object(kind, collection, other).address(user: user)
                throw DAVFailure(409, .noUIDConflict(address: address, isCalendar: kind == .calendar))
            default: throw error
            }
        }
    }

    static func read(_ bytes: [UInt8], _ kind: CollectionKind, _ name: String) throws(DAVFailure) -> NewObject {
        switch kind {
        case .calendar:
            do throws(CalendarObjectError) {
                let object = try CalendarObject(parsing: bytes)
                return NewObject(
                    name: name, uid: object.uid, data: bytes,
                    index: .calendar(component: object.kind, start: object.span.start, end: object.span.end))
            } catch {
                switch error {
                case .notCalendarData(let reason): throw DAVFailure(403, .validCalendarData, reason)
                case .notAnObject(let reason): throw DAVFailure(403, .validCalendarObjectResource, reason)
                }
            }
        case .addressBook:
            do throws(CardError) {
                let card = try Card(parsing: bytes)
                return NewObject(
                    name: name, uid: card.uid ?? "", data: bytes, index: .card(text: card.searchableText))
            } catch {
                throw DAVFailure(403, .validAddressData, error.reason)
            }
        }
    }
}

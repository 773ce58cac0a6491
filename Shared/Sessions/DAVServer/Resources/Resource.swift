// SPDX-License-Identifier: Apache-2.0
import CalendarStore
import DAVGrammar

/// What an address names, for one user. The tree:
///
///     /dav/                                  where discovery begins (RFC 6764)
///     /dav/principals/ADDRESS/               the user
///     /dav/calendars/ADDRESS/NAME/OBJECT     calendars and what is in them
///     /dav/contacts/ADDRESS/NAME/OBJECT      address books and what is in them
enum Resource: Hashable {
    case root
    case principal
    case home(CollectionKind)
    case collection(CollectionKind, String)
    case object(CollectionKind, String, String)

    /// Throws 404 for what cannot be, and 403 for what is another's: whether that other is here is not told.
    init(_ path: DAVPath, user: String) throws(DAVFailure) {
        let names = path.segments
        guard names.isEmpty || names.first == "dav" else { throw DAVFailure(404) }
        guard names.count > 1 else {
            self = .root
            return
        }
        guard names.count > 2, let tree = Self.trees[names[1]] else { throw DAVFailure(404) }
        guard names[2].lowercased() == user else { throw DAVFailure(403, "that is not yours") }
        switch (tree, names.count) {
        case (nil, 3): self = .principal
        case (let kind?, 3): self = .home(kind)
        case (let kind?, 4): self = .collection(kind, names[3])
        case (let kind?, 5): self = .object(kind, names[3], names[4])
        default: throw DAVFailure(404)
        }
    }

    private static let trees: [String: CollectionKind?] = [
        "principals": CollectionKind?.none, "calendars": .calendar, "contacts": .addressBook,
    ]

    /// What it can be asked, for Allow.
    var methods: [String] {
        switch self {
        case .root, .principal, .home: ["OPTIONS", "PROPFIND"]
        case .collection: ["OPTIONS", "PROPFIND", "PROPPATCH", "REPORT", "DELETE"]
        case .object: ["OPTIONS", "GET", "HEAD", "PUT", "DELETE", "COPY", "MOVE", "PROPFIND"]
        }
    }

    /// As it is written in answers: collections with a slash at the end.
    func address(user: String) -> String {
        switch self {
        case .root: "/dav/"
        case .principal: DAVPath(["dav", "principals", user]).collection
        case .home(let kind): DAVPath(["dav", kind.tree, user]).collection
        case .collection(let kind, let name): DAVPath(["dav", kind.tree, user, name]).collection
        case .object(let kind, let name, let object): DAVPath(["dav", kind.tree, user, name, object]).description
        }
    }
}

extension CollectionKind {
    fileprivate var tree: String { self == .calendar ? "calendars" : "contacts" }
    var contentType: String { self == .calendar ? "text/calendar; charset=utf-8" : "text/vcard; charset=utf-8" }
    var dataName: XMLName { self == .calendar ? .calendar("calendar-data") : .addressBook("address-data") }
}

// SPDX-License-Identifier: Apache-2.0
import CalendarStore
import DAVGrammar

/// What PROPPATCH, MKCOL and MKCALENDAR may set, and what it means.
struct PropertyEdit {
    private let edits: [@Sendable (inout CollectionProperties) -> Void]
    /// Named in the request, in order.
    let names: [XMLName]
    /// Those that nobody may change, or whose value makes no sense: then nothing at all is set.
    let refused: Set<XMLName>

    /// `isNew`: the collection is being made, so what is fixed afterwards may be said.
    init(_ changes: PropertyChanges, _ kind: CollectionKind, isNew: Bool) {
        var edits: [@Sendable (inout CollectionProperties) -> Void] = []
        var refused: Set<XMLName> = []
        for change in changes.changes {
            if let edit = Self.edit(change, kind, isNew: isNew) {
                edits.append(edit)
            } else {
                refused.insert(change.name)
            }
        }
        names = changes.changes.map(\.name)
        (self.edits, self.refused) = (edits, refused)
    }

    var apply: @Sendable (inout CollectionProperties) -> Void {
        let edits = edits
        return { properties in for edit in edits { edit(&properties) } }
    }

    /// By property: 200, or 403 for what is refused and 424 for the rest.
    func groups() -> [(status: Int, properties: [XMLElement])] {
        let elements = names.map { XMLElement($0) }
        guard !refused.isEmpty else { return [(200, elements)] }
        return [
            (403, elements.filter { refused.contains($0.name) }),
            (424, elements.filter { !refused.contains($0.name) }),
        ]
    }

    private static let fixed: Set<XMLName> = [
        .dav("getetag"), .dav("getcontenttype"), .dav("getcontentlength"), .dav("sync-token"), .dav("owner"),
        .dav("current-user-principal"), .dav("current-user-privilege-set"), .dav("supported-report-set"),
        .dav("quota-available-bytes"), .dav("quota-used-bytes"), .dav("creationdate"), .dav("getlastmodified"),
        .dav("lockdiscovery"), .dav("supportedlock"),
        XMLName(XMLNamespace.calendarServer, "getctag"), .calendar("supported-calendar-data"),
        .calendar("max-resource-size"), .calendar("supported-collation-set"), .addressBook("supported-address-data"),
        .addressBook("max-resource-size"), .addressBook("supported-collation-set"),
    ]

    private static func edit(
        _ change: PropertyChanges.Change, _ kind: CollectionKind, isNew: Bool
    ) -> (@Sendable (inout CollectionProperties) -> Void)? {
        let name = change.name
        let element: XMLElement? = if case .set(let element) = change { element } else { nil }
        let text = element?.text
        switch name {
        case .dav("displayname"): return { $0.displayName = text ?? "" }
        // The home says what is made; MKCOL repeats it here.
        case .dav("resourcetype"):
            let type: XMLName = kind == .calendar ? .calendar("calendar") : .addressBook("addressbook")
            guard isNew, let element, Set(element.elements.map(\.name)).isSubset(of: [.dav("collection"), type]) else {
                return nil
            }
            return { _ in }
        case .calendar("calendar-description") where kind == .calendar,
            .addressBook("addressbook-description") where kind == .addressBook:
            return { $0.description = text }
        case .calendar("calendar-timezone") where kind == .calendar: return { $0.timeZone = text }
        case XMLName(XMLNamespace.apple, "calendar-color") where kind == .calendar: return { $0.color = text }
        case XMLName(XMLNamespace.apple, "calendar-order") where kind == .calendar:
            guard let position = Int32(text ?? "0") else { return nil }
            return { $0.position = Int(position) }
        case .calendar("schedule-calendar-transp") where kind == .calendar:
            let isTransparent = element?[.calendar("transparent")] != nil
            return { $0.isTransparent = isTransparent }
        case .calendar("supported-calendar-component-set") where kind == .calendar:
            let components = element?.elements.compactMap { $0.attribute("name")?.uppercased() } ?? []
            guard isNew, !components.isEmpty,
                Set(components).isSubset(of: ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"])
            else { return nil }
            return { $0.components = components }
        default:
            guard !fixed.contains(name) else { return nil }
            let other = element.map {
                OtherProperty(namespace: name.namespace, name: name.name, xml: XMLWriter.fragment($0))
            }
            return { properties in
                properties.others.removeAll { $0.namespace == name.namespace && $0.name == name.name }
                if let other { properties.others.append(other) }
            }
        }
    }
}

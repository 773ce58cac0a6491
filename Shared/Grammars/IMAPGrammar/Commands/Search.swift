// SPDX-License-Identifier: Apache-2.0

/// SEARCH and UID SEARCH (RFC 9051 section 6.4.4; ESEARCH, SEARCHRES).
package struct SearchCommand: Sendable, Equatable {
    package enum Return: String, Sendable {
        case min = "MIN"
        case max = "MAX"
        case all = "ALL"
        case count = "COUNT"
        case save = "SAVE"
    }

    /// `nil`: no RETURN, so that IMAP4rev1 gets the old `* SEARCH`. `RETURN ()` is `[.all]`.
    package var returns: Set<Return>?
    /// Upper case; `nil`: none given.
    package var charset: String?
    package var key: SearchKey
    package var byUID: Bool
}

package indirect enum SearchKey: Sendable, Equatable {
    case all, answered, deleted, draft, flagged, new, old, recent, seen
    case unanswered, undeleted, undraft, unflagged, unseen
    case keyword(String)
    case unkeyword(String)
    case before(Day)
    case on(Day)
    case since(Day)
    case sentBefore(Day)
    case sentOn(Day)
    case sentSince(Day)
    case larger(UInt64)
    case smaller(UInt64)
    case header(String, [UInt8])
    case body([UInt8])
    case text([UInt8])
    case sequence(SequenceSet)
    case uid(SequenceSet)
    case modseq(UInt64)
    case not(SearchKey)
    case or(SearchKey, SearchKey)
    case and([SearchKey])

    package struct Day: Sendable, Equatable {
        package let year: Int, month: Int, day: Int
    }
}

extension CommandParser {
    mutating func search(byUID: Bool) throws(Failure) -> SearchCommand {
        var returns: Set<SearchCommand.Return>?
        if keyword("RETURN ") {
            let names = try list { parser throws(Failure) in try parser.atom().uppercased() }
            var set: Set<SearchCommand.Return> = []
            for name in names {
                guard let option = SearchCommand.Return(rawValue: name) else {
                    throw fail("unknown return option \(name)")
                }
                set.insert(option)
            }
            returns = set.isEmpty ? [.all] : set
            try space()
        }
        var charset: String?
        if keyword("CHARSET ") {
            charset = try text().uppercased()
            try space()
        }
        var keys = [try searchKey(depth: 0)]
        while skip(0x20) {
            keys.append(try searchKey(depth: 0))
            guard keys.count <= 1_000 else { throw fail("too many search keys") }
        }
        return SearchCommand(
            returns: returns, charset: charset, key: keys.count == 1 ? keys[0] : .and(keys), byUID: byUID)
    }

    private mutating func searchKey(depth: Int) throws(Failure) -> SearchKey {
        guard depth < Self.depthLimit else { throw fail("the search is nested too deeply") }
        if next == 0x28 {
            let keys = try list { parser throws(Failure) in try parser.searchKey(depth: depth + 1) }
            guard !keys.isEmpty else { throw fail("an empty search") }
            return .and(keys)
        }
        if let byte = next, (0x30...0x39).contains(byte) || byte == 0x2A || byte == 0x24 {
            return .sequence(try sequenceSet())
        }
        let name = try atom().uppercased()
        let simple: [String: SearchKey] = [
            "ALL": .all, "ANSWERED": .answered, "DELETED": .deleted, "DRAFT": .draft, "FLAGGED": .flagged, "NEW": .new,
            "OLD": .old, "RECENT": .recent, "SEEN": .seen, "UNANSWERED": .unanswered, "UNDELETED": .undeleted,
            "UNDRAFT": .undraft, "UNFLAGGED": .unflagged, "UNSEEN": .unseen,
        ]
        if let key = simple[name] { return key }
        try space()
        switch name {
        case "KEYWORD": return .keyword(try atom())
        case "UNKEYWORD": return .unkeyword(try atom())
        case "BEFORE": return .before(try day())
        case "ON": return .on(try day())
        case "SINCE": return .since(try day())
        case "SENTBEFORE": return .sentBefore(try day())
        case "SENTON": return .sentOn(try day())
        case "SENTSINCE": return .sentSince(try day())
        case "LARGER": return .larger(try number())
        case "SMALLER": return .smaller(try number())
        case "FROM", "TO", "CC", "BCC", "SUBJECT": return .header(name, try astring())
        case "HEADER":
            let field = try text()
            try space()
            return .header(field, try astring())
        case "BODY": return .body(try astring())
        case "TEXT": return .text(try astring())
        case "UID": return .uid(try sequenceSet())
        case "NOT": return .not(try searchKey(depth: depth + 1))
        case "OR":
            let first = try searchKey(depth: depth + 1)
            try space()
            return .or(first, try searchKey(depth: depth + 1))
        case "MODSEQ":
            // the entry name and type of RFC 7162 section 3.1.5 make no difference
            if next == 0x22 {
                _ = try string()
                try space()
                _ = try atom()
                try space()
            }
            return .modseq(try number())
        default: throw fail("unknown search key \(name)")
        }
    }

    private mutating func day() throws(Failure) -> SearchKey.Day {
        let text = next == 0x22 ? String(decoding: try string(), as: UTF8.self) : try atom()
        guard let date = InternalDateText.date(text) else { throw fail("the date is none") }
        return SearchKey.Day(year: date.year, month: date.month, day: date.day)
    }
}

// SPDX-License-Identifier: Apache-2.0
import GRDB

/// A search made ready for one mailbox: keywords as bits, each text with the bodies that the index names for it.
///
/// It is put to each message twice at most: first to the row alone, which settles most (`Verdict`), then, for those
/// that stay open, with the texts.
indirect enum SearchPlan: Sendable {
    case constant(Bool)
    case every([SearchPlan])
    case any([SearchPlan])
    case not(SearchPlan)
    case uids(UIDSet)
    case flags(UInt64)
    case larger(Int)
    case smaller(Int)
    case internalDate(DayTest)
    case sentDate(DayTest)
    case modseq(UInt64)
    case text(Needle)

    /// A folded text and where to look for it.
    struct Sought: Sendable, Hashable {
        enum Place: Sendable, Hashable {
            /// Folded name with its colon.
            case field([UInt8])
            case content
            case anywhere
        }
        var place: Place
        var bytes: [UInt8]
    }

    /// `candidates` holds every body that may have what is sought; nil: not known.
    struct Needle: Sendable {
        var sought: Sought
        var candidates: Set<Int64>?

        func mayBe(in body: Int64) -> Bool { candidates?.contains(body) != false }
    }

    enum Verdict { case yes, no, open }

    struct Message: Sendable {
        var uid: UInt32
        var body: Int64
        var flags: UInt64
        var modseq: UInt64
        var size: Int
        var day: Int
        var sentDay: Int?
    }

    var needsSentDay: Bool {
        switch self {
        case .sentDate: true
        case .every(let plans), .any(let plans): plans.contains(where: \.needsSentDay)
        case .not(let plan): plan.needsSentDay
        default: false
        }
    }

    /// UIDs outside of this can not match.
    var reach: UIDSet {
        switch self {
        case .uids(let uids): uids
        case .every(let plans):
            plans.lazy.compactMap { if case .uids(let uids) = $0 { uids } else { nil } }.first ?? .all
        default: .all
        }
    }

    /// What the row alone tells; texts only by their candidates.
    func verdict(_ message: Message) -> Verdict {
        switch self {
        case .constant(let value): return value ? .yes : .no
        case .every(let plans):
            var result = Verdict.yes
            for plan in plans {
                switch plan.verdict(message) {
                case .no: return .no
                case .open: result = .open
                case .yes: break
                }
            }
            return result
        case .any(let plans):
            var result = Verdict.no
            for plan in plans {
                switch plan.verdict(message) {
                case .yes: return .yes
                case .open: result = .open
                case .no: break
                }
            }
            return result
        case .not(let plan):
            switch plan.verdict(message) {
            case .yes: return .no
            case .no: return .yes
            case .open: return .open
            }
        case .uids(let uids): return uids.contains(message.uid) ? .yes : .no
        case .flags(let mask): return message.flags & mask == mask ? .yes : .no
        case .larger(let limit): return message.size > limit ? .yes : .no
        case .smaller(let limit): return message.size < limit ? .yes : .no
        case .internalDate(let test): return test.holds(message.day) ? .yes : .no
        case .sentDate(let test): return message.sentDay.map(test.holds) ?? false ? .yes : .no
        case .modseq(let least): return message.modseq >= least ? .yes : .no
        case .text(let needle): return needle.mayBe(in: message.body) ? .open : .no
        }
    }

    /// The answer, with `look` finding what is sought in the texts of the message.
    func matches(_ message: Message, _ look: (Sought) -> Bool) -> Bool {
        switch self {
        case .every(let plans):
            // What costs nothing first.
            for plan in plans where plan.verdict(message) == .no { return false }
            return plans.allSatisfy { $0.matches(message, look) }
        case .any(let plans):
            for plan in plans where plan.verdict(message) == .yes { return true }
            return plans.contains { $0.matches(message, look) }
        case .not(let plan): return !plan.matches(message, look)
        case .text(let needle): return needle.mayBe(in: message.body) && look(needle.sought)
        default: return verdict(message) == .yes
        }
    }

    /// All texts that the body may have.
    func sought(in body: Int64) -> Set<Sought> {
        switch self {
        case .every(let plans), .any(let plans): plans.reduce(into: []) { $0.formUnion($1.sought(in: body)) }
        case .not(let plan): plan.sought(in: body)
        case .text(let needle): needle.mayBe(in: body) ? [needle.sought] : []
        default: []
        }
    }
}

extension Database {
    /// Makes a search ready. Counts keys down in `budget`; `.limit(.searchKeys)` when it is used up.
    func plan(_ query: SearchQuery, _ keywords: KeywordTable, budget: inout Int) throws -> SearchPlan {
        budget -= 1
        guard budget >= 0 else { throw StoreError.limit(.searchKeys) }
        switch query {
        case .all: return .constant(true)
        case .and(let parts):
            var plans: [SearchPlan] = []
            for part in parts {
                let plan = try plan(part, keywords, budget: &budget)
                if case .every(let inner) = plan { plans += inner } else { plans.append(plan) }
            }
            return .every(plans)
        case .or(let left, let right):
            return .any([try plan(left, keywords, budget: &budget), try plan(right, keywords, budget: &budget)])
        case .not(let part): return .not(try plan(part, keywords, budget: &budget))
        case .uids(let uids): return .uids(uids)
        case .flags(let flags): return .flags(UInt64(flags.rawValue))
        case .keyword(let keyword): return keywords.bit(of: keyword).map { .flags($0) } ?? .constant(false)
        case .larger(let limit): return .larger(limit)
        case .smaller(let limit): return .smaller(limit)
        case .internalDate(let test): return .internalDate(test)
        case .sentDate(let test): return .sentDate(test)
        case .modseq(let least): return .modseq(least)
        case .header(let name, let text): return try texts(.field(MessageText.fieldPrefix(name)), text)
        case .body(let text): return try texts(.content, text)
        case .text(let text): return try texts(.anywhere, text)
        }
    }

    private func texts(_ place: SearchPlan.Sought.Place, _ text: String) throws -> SearchPlan {
        let plans = try TextFolding.needles(text).map { needle in
            // Without a text, the name itself narrows it down.
            let indexed = if case .field(let name) = place, needle.count < 3 { name } else { needle }
            return try SearchPlan.text(
                .init(sought: .init(place: place, bytes: needle), candidates: candidates(indexed)))
        }
        return plans.count == 1 ? plans[0] : .any(plans)
    }

    /// Bodies that may hold the needle, those among them whose text is not, or not wholly, in the index; nil when the needle is
    /// too short for the index.
    private func candidates(_ needle: [UInt8]) throws -> Set<Int64>? {
        guard let query = TextFolding.indexQuery(needle) else { return nil }
        var found = try Set(
            Int64.fetchCursor(self, sql: "SELECT rowid FROM text_index WHERE text_index MATCH ?", arguments: [query]))
        try found.formUnion(
            Int64.fetchCursor(
                self, sql: "SELECT body FROM texts WHERE complete = 0 UNION ALL SELECT body FROM unindexed"))
        return found
    }
}

// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailStore

extension IMAPSession {
    /// SEARCH (RFC 9051 section 6.4.4), ESEARCH, SEARCHRES.
    func search(_ tag: String, _ store: AccountStore, _ mailbox: SelectedMailbox, _ command: SearchCommand) async throws
    {
        let saves = command.returns?.contains(.save) == true
        // RFC 5182 section 2.1: a search that fails leaves an empty result, not the one before.
        if saves { selected?.saved = UIDSet() }
        if let charset = command.charset, charset != "UTF-8", charset != "US-ASCII" {
            throw Refusal(no: "that charset is not known", code: "BADCHARSET (US-ASCII UTF-8)")
        }
        let usesModseq = command.key.usesModseq
        if usesModseq { isCondstore = true }
        let query = try command.key.query(in: mailbox)
        let result = try await store.search(query, in: mailbox.id)
        let indices = result.uids.compactMap { mailbox.messages.index(of: $0) }
        let numbers = indices.map { command.byUID ? mailbox.messages.uids[$0] : UInt32($0 + 1) }
        let kept = Self.kept(indices, command.returns ?? [])
        if saves { selected?.saved = mailbox.uids(kept) }
        var modseq = usesModseq && !indices.isEmpty ? result.highestModseq : nil
        // Of what is returned alone (RFC 7162 section 3.1.10).
        if modseq != nil, kept.count < indices.count { modseq = kept.map { mailbox.messages.modseqs[$0] }.max() }
        if let returns = command.returns ?? (isRev2 ? [.all] : nil) {
            tell(numbers, tag, returns, byUID: command.byUID, modseq: modseq)
        } else {
            out.line("* SEARCH" + numbers.map { " \($0)" }.joined() + (modseq.map { " (MODSEQ \($0))" } ?? ""))
        }
        try await tellChanges(expunges: command.byUID)
        ok(tag, "done")
    }

    /// With MIN or MAX alone, SAVE keeps those and not the rest (RFC 5182 section 2.1), and MODSEQ is theirs.
    private static func kept(_ indices: [Int], _ returns: Set<SearchCommand.Return>) -> [Int] {
        guard let first = indices.first, let last = indices.last, returns.isDisjoint(with: [.all, .count]),
            !returns.isDisjoint(with: [.min, .max])
        else { return indices }
        return (returns.contains(.min) ? [first] : [])
            + (returns.contains(.max) && first != last || !returns.contains(.min) ? [last] : [])
    }

    private func tell(
        _ numbers: [UInt32], _ tag: String, _ returns: Set<SearchCommand.Return>, byUID: Bool, modseq: UInt64?
    ) {
        guard returns != [.save] else { return }
        var line = "* ESEARCH (TAG \"\(tag)\")\(byUID ? " UID" : "")"
        if let first = numbers.first, let last = numbers.last {
            if returns.contains(.min) { line += " MIN \(first)" }
            if returns.contains(.max) { line += " MAX \(last)" }
            if returns.contains(.all) { line += " ALL \(SequenceSet.text(UIDSet(numbers).ranges))" }
        }
        if returns.contains(.count) { line += " COUNT \(numbers.count)" }
        if let modseq { line += " MODSEQ \(modseq)" }
        out.line(line)
    }
}

extension SearchKey {
    var usesModseq: Bool {
        switch self {
        case .modseq: true
        case .not(let key): key.usesModseq
        case .or(let first, let second): first.usesModseq || second.usesModseq
        case .and(let keys): keys.contains { $0.usesModseq }
        default: false
        }
    }

    func query(in mailbox: SelectedMailbox) throws -> SearchQuery {
        func text(_ bytes: [UInt8]) throws -> String {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Refusal(no: "the text is no UTF-8", code: "BADCHARSET (US-ASCII UTF-8)")
            }
            return text
        }
        func day(_ day: Day) -> SearchDay { SearchDay(year: day.year, month: day.month, day: day.day) }
        let recent = SearchQuery.uids(
            mailbox.firstRecentUID == 0 ? UIDSet() : UIDSet(mailbox.firstRecentUID...UInt32.max))
        switch self {
        case .all: return .all
        case .answered: return .flags(.answered)
        case .deleted: return .flags(.deleted)
        case .draft: return .flags(.draft)
        case .flagged: return .flags(.flagged)
        case .seen: return .flags(.seen)
        case .unanswered: return .not(.flags(.answered))
        case .undeleted: return .not(.flags(.deleted))
        case .undraft: return .not(.flags(.draft))
        case .unflagged: return .not(.flags(.flagged))
        case .unseen: return .not(.flags(.seen))
        case .recent: return recent
        case .new: return .and([recent, .not(.flags(.seen))])
        case .old: return .not(recent)
        case .keyword(let name): return .keyword(name)
        case .unkeyword(let name): return .not(.keyword(name))
        case .before(let date): return .internalDate(.before(day(date)))
        case .on(let date): return .internalDate(.on(day(date)))
        case .since(let date): return .internalDate(.since(day(date)))
        case .sentBefore(let date): return .sentDate(.before(day(date)))
        case .sentOn(let date): return .sentDate(.on(day(date)))
        case .sentSince(let date): return .sentDate(.since(day(date)))
        case .larger(let size): return .larger(Int(clamping: size))
        case .smaller(let size): return .smaller(Int(clamping: size))
        case .header(let name, let value): return .header(name, try text(value))
        case .body(let value): return .body(try text(value))
        case .text(let value): return .text(try text(value))
        case .sequence(let set): return .uids(mailbox.uids(try mailbox.indices(set, byUID: false)))
        case .uid(let set): return .uids(mailbox.uids(try mailbox.indices(set, byUID: true)))
        case .modseq(let least): return .modseq(atLeast: least)
        case .not(let key): return .not(try key.query(in: mailbox))
        case .or(let first, let second): return .or(try first.query(in: mailbox), try second.query(in: mailbox))
        case .and(let keys): return .and(try keys.map { try $0.query(in: mailbox) })
        }
    }
}

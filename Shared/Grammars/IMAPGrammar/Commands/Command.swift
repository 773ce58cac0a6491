// SPDX-License-Identifier: Apache-2.0

/// Every command that the server knows, with its arguments (RFC 9051 section 6).
package indirect enum Command: Sendable, Equatable {
    case capability, noop, logout, startTLS, check, close, unselect, expunge, idle, namespace
    case authenticate(mechanism: String, initialResponse: [UInt8]?)
    case login(user: [UInt8], password: [UInt8])
    case id
    case enable([String])
    case select(mailbox: String, isReadOnly: Bool, condstore: Bool)
    case create(mailbox: String, specialUse: [String])
    case delete(mailbox: String)
    case rename(from: String, to: String)
    case subscribe(mailbox: String)
    case unsubscribe(mailbox: String)
    case list(ListCommand)
    case lsub(reference: String, pattern: String)
    case status(mailbox: String, items: [StatusItem])
    case getQuota(root: String)
    case getQuotaRoot(mailbox: String)
    /// What it would set is not looked at.
    case setQuota
    case append(mailbox: String, flags: [String], date: InternalDateText?, message: [UInt8])
    case search(SearchCommand)
    case fetch(FetchCommand)
    case store(StoreCommand)
    case copy(SequenceSet, mailbox: String, byUID: Bool)
    case move(SequenceSet, mailbox: String, byUID: Bool)
    case uidExpunge(SequenceSet)
}

extension CommandParser {
    mutating func command() throws(Failure) -> Command {
        try space()
        let name = try atom().uppercased()
        let command = try arguments(of: name)
        try end()
        return command
    }

    private mutating func arguments(of name: String) throws(Failure) -> Command {
        switch name {
        case "CAPABILITY": return .capability
        case "NOOP": return .noop
        case "LOGOUT": return .logout
        case "STARTTLS": return .startTLS
        case "CHECK": return .check
        case "CLOSE": return .close
        case "UNSELECT": return .unselect
        case "EXPUNGE": return .expunge
        case "IDLE": return .idle
        case "NAMESPACE": return .namespace
        case "UID":
            try space()
            let verb = try atom().uppercased()
            if verb == "EXPUNGE" {
                try space()
                return .uidExpunge(try sequenceSet())
            }
            return try message(verb, byUID: true)
        default: break
        }
        if ["SEARCH", "FETCH", "STORE", "COPY", "MOVE"].contains(name) { return try message(name, byUID: false) }
        guard let command = try withArguments(name) else { throw fail("unknown command") }
        return command
    }

    private mutating func message(_ verb: String, byUID: Bool) throws(Failure) -> Command {
        try space()
        switch verb {
        case "SEARCH": return .search(try search(byUID: byUID))
        case "FETCH": return .fetch(try fetch(byUID: byUID))
        case "STORE": return .store(try store(byUID: byUID))
        case "COPY", "MOVE":
            let set = try sequenceSet()
            try space()
            let mailbox = try mailbox()
            return verb == "COPY"
                ? .copy(set, mailbox: mailbox, byUID: byUID) : .move(set, mailbox: mailbox, byUID: byUID)
        default: throw fail("unknown command UID \(verb)")
        }
    }

    private mutating func withArguments(_ name: String) throws(Failure) -> Command? {
        switch name {
        case "AUTHENTICATE":
            try space()
            let mechanism = try atom().uppercased()
            return .authenticate(mechanism: mechanism, initialResponse: skip(0x20) ? rest() : nil)
        case "LOGIN":
            try space()
            let user = try astring()
            try space()
            return .login(user: user, password: try astring())
        case "ID":
            try space()
            _ = rest()
            return .id
        case "ENABLE":
            var names: [String] = []
            while skip(0x20), names.count < 50 { names.append(try atom().uppercased()) }
            guard !names.isEmpty else { throw fail("ENABLE what?") }
            return .enable(names)
        case "SELECT", "EXAMINE":
            try space()
            let mailbox = try mailbox()
            var condstore = false
            if skip(0x20) {
                let parameters = try list { parser throws(Failure) in try parser.atom().uppercased() }
                guard parameters.allSatisfy({ $0 == "CONDSTORE" }) else { throw fail("unknown parameter of \(name)") }
                condstore = !parameters.isEmpty
            }
            return .select(mailbox: mailbox, isReadOnly: name == "EXAMINE", condstore: condstore)
        case "CREATE": return try create()
        case "DELETE":
            try space()
            return .delete(mailbox: try mailbox())
        case "RENAME":
            try space()
            let from = try mailbox()
            try space()
            return .rename(from: from, to: try mailbox())
        case "SUBSCRIBE":
            try space()
            return .subscribe(mailbox: try mailbox())
        case "UNSUBSCRIBE":
            try space()
            return .unsubscribe(mailbox: try mailbox())
        case "LIST":
            try space()
            return .list(try list())
        case "LSUB":
            try space()
            let reference = try mailbox()
            try space()
            return .lsub(reference: reference, pattern: try pattern())
        case "STATUS":
            try space()
            let mailbox = try mailbox()
            try space()
            return .status(mailbox: mailbox, items: try statusItems())
        case "APPEND": return try append()
        case "GETQUOTA": return .getQuota(root: try quotaRoot())
        case "GETQUOTAROOT":
            try space()
            return .getQuotaRoot(mailbox: try mailbox())
        case "SETQUOTA":
            _ = try quotaRoot()
            _ = rest()
            return .setQuota
        default: return nil
        }
    }

    /// quota-root-name = astring (RFC 9208 section 7)
    private mutating func quotaRoot() throws(Failure) -> String {
        try space()
        return String(decoding: try astring(), as: UTF8.self)
    }

    /// CREATE mailbox [(USE (\Sent))] (RFC 6154 section 3)
    private mutating func create() throws(Failure) -> Command {
        try space()
        let mailbox = try mailbox()
        var uses: [String] = []
        if skip(0x20) {
            try expect("(")
            guard keyword("USE") else { throw fail("unknown parameter of CREATE") }
            try space()
            uses = try flagList()
            try expect(")")
        }
        return .create(mailbox: mailbox, specialUse: uses)
    }
}

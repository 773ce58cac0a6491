// SPDX-License-Identifier: Apache-2.0
import Accounts
import IMAPGrammar
import Logging
import MailStore
import SASLMechanisms
import ServiceKit

/// One client's session: reads commands, answers them one after the other. Owned by one task.
package final class IMAPSession {
    let transport: any ByteTransport
    let backend: any IMAPBackend
    let limits: IMAPLimits
    let logger: Logger
    let memory: MessageMemory
    /// The share of the literals of the command that is under way.
    var lease: MessageMemory.Lease?
    var framing = IMAPFraming()
    var out = ResponseEncoder()

    /// After login.
    var account: AccountID?
    var store: AccountStore?
    /// Keeps a zero-access account open until the session ends.
    var hold: KeyHold?
    var selected: SelectedMailbox?
    /// ENABLE IMAP4rev2, or CONDSTORE (also by using it).
    var isRev2 = false
    var isCondstore = false
    private var wrong = 0
    private(set) var isOver = false
    /// How often something was written: what was, cannot be taken back.
    private(set) var writes = 0

    /// - Parameter memory: shared by all sessions of the process.
    package init(
        transport: any ByteTransport, backend: any IMAPBackend, limits: IMAPLimits = IMAPLimits(),
        memory: MessageMemory, logger: Logger
    ) {
        self.transport = transport
        self.backend = backend
        self.limits = limits
        self.memory = memory
        self.logger = logger
    }

    /// To the end of the session. Throws what broke the connection.
    package func run() async throws {
        defer {
            lease = nil
            hold?.release()
        }
        out.line("* OK [CAPABILITY \(capabilities)] Mailkeep")
        try await flush()
        do {
            while !isOver {
                guard let event = try await nextEvent() else { return }
                try await handle(event)
                try await flush()
            }
        } catch ConnectionError.timedOut {
            try await say("* BYE nothing was heard for too long")
        } catch ConnectionError.draining {
            try await say("* BYE the server is going down; connect again")
        }
    }

    var capabilities: String {
        var all = [
            "IMAP4rev1", "IMAP4rev2", "LITERAL+", "ID", "ENABLE", "SASL-IR", "IDLE", "UIDPLUS", "MOVE", "SPECIAL-USE",
            "CREATE-SPECIAL-USE", "NAMESPACE", "UNSELECT", "CHILDREN", "LIST-EXTENDED", "LIST-STATUS", "STATUS=SIZE",
            "CONDSTORE", "ESEARCH", "SEARCHRES", "BINARY", "QUOTA", "QUOTA=RES-STORAGE",
            "APPENDLIMIT=\(limits.message)",
        ]
        if store == nil {
            if transport.canStartTLS { all.append("STARTTLS") }
            all.append(transport.isTLS ? "AUTH=PLAIN" : "LOGINDISABLED")
        }
        return all.joined(separator: " ")
    }

    func flush() async throws {
        guard !out.isEmpty else { return }
        writes += 1
        try await transport.write(out.take())
    }

    /// Ends the session with these last words.
    func end(_ line: String) {
        out.line(line)
        isOver = true
    }

    private func say(_ line: String) async throws {
        out.line(line)
        try await flush()
    }

    /// Bytes until there is an event; `nil` when the client is gone.
    func nextEvent(rawLine: Bool = false) async throws -> IMAPFraming.Event? {
        while true {
            if let event = framing.next(rawLine: rawLine) { return event }
            let idle = store == nil ? limits.loginIdle : lease == nil ? limits.idle : limits.literalIdle
            guard var bytes = try await transport.read(seconds: idle) else { return nil }
            framing.append(bytes)
            wipe(&bytes)
        }
    }

    private func handle(_ event: IMAPFraming.Event) async throws {
        switch event {
        case .line: break
        case .wantsLiteral(let size, let isSynchronizing, let soFar):
            try await decide(size, isSynchronizing, soFar)
        case .tooLong(let start):
            lease = nil
            bad(TaggedCommand.peek(start).tag, "the command is too long or has a NUL")
        case .command(let bytes):
            defer { lease = nil }
            do {
                let tagged = try TaggedCommand(parsing: bytes, isUTF8: isRev2)
                wrong = 0
                try await perform(tagged)
            } catch let error as IMAPSyntaxError {
                bad(error.tag, error.message)
            }
        }
    }

    func bad(_ tag: String?, _ message: String) {
        out.line("\(tag ?? "*") BAD \(message)")
        wrong += 1
        if wrong >= limits.wrongCommands { end("* BYE too many wrong commands") }
    }

    private func perform(_ tagged: TaggedCommand) async throws {
        let tag = tagged.tag
        do {
            try await dispatch(tagged.command, tag)
        } catch let refusal as Refusal {
            out.line("\(tag) \(refusal.text)")
        } catch let error as StoreError {
            if error.isTemporary { logger.error("the store failed", metadata: ["error": "\(error)"]) }
            out.line("\(tag) \(Refusal(error).text)")
            // It became a zero-access account, or got another key: a new login opens it.
            if error == .keyUnavailable, store != nil { end("* BYE the account was closed; log in again") }
        }
    }

    private func dispatch(_ command: Command, _ tag: String) async throws {
        switch command {
        case .capability:
            out.line("* CAPABILITY \(capabilities)")
            ok(tag, "done")
        case .noop, .check: try await noop(tag)
        case .logout:
            out.line("* BYE see you")
            end("\(tag) OK done")
        case .id:
            out.line("* ID (\"name\" \"Mailkeep\")")
            ok(tag, "done")
        case .startTLS: try await startTLS(tag)
        case .login(let user, let password): try await login(tag, user, password)
        case .authenticate(let mechanism, let initial): try await authenticate(tag, mechanism, initial)
        default:
            guard let store else { throw Refusal(bad: "log in first") }
            try await dispatch(command, tag, store)
        }
    }

    private func dispatch(_ command: Command, _ tag: String, _ store: AccountStore) async throws {
        switch command {
        case .enable(let names): enable(tag, names)
        case .namespace:
            out.line("* NAMESPACE ((\"\" \"/\")) NIL NIL")
            ok(tag, "done")
        case .select(let mailbox, let isReadOnly, let condstore):
            try await select(tag, store, mailbox, isReadOnly: isReadOnly, condstore: condstore)
        case .create(let mailbox, let uses): try await create(tag, store, mailbox, uses)
        case .delete(let mailbox):
            try await store.delete(MailboxName(mailbox))
            try await done(tag)
        case .rename(let from, let to):
            try await store.rename(MailboxName(from), to: MailboxName(to))
            try await done(tag)
        case .subscribe(let mailbox):
            try await store.subscribe(MailboxName(mailbox))
            try await done(tag)
        case .unsubscribe(let mailbox):
            try await store.unsubscribe(MailboxName(mailbox))
            try await done(tag)
        case .list(let list): try await self.list(tag, store, list)
        case .lsub(let reference, let pattern): try await lsub(tag, store, reference, pattern)
        case .status(let mailbox, let items): try await status(tag, store, mailbox, items)
        case .getQuota(let root): try await quota(tag, store, root: root)
        case .getQuotaRoot(let mailbox): try await quotaRoot(tag, store, of: mailbox)
        case .setQuota: throw Refusal(no: "the administrator sets quotas", code: "NOPERM")
        case .append(let mailbox, let flags, let date, let message):
            try await append(tag, store, mailbox, flags, date, message)
        case .idle: try await idle(tag, store)
        default:
            guard let mailbox = selected else { throw Refusal(bad: "select a mailbox first") }
            try await dispatch(command, tag, store, mailbox)
        }
    }

    private func dispatch(_ command: Command, _ tag: String, _ store: AccountStore, _ mailbox: SelectedMailbox)
        async throws
    {
        switch command {
        case .close:
            if !mailbox.isReadOnly {
                let gone = try await store.expungeDeleted(in: mailbox.id)
                if !gone.uids.isEmpty { announce() }
            }
            selected = nil
            ok(tag, "closed")
        case .unselect:
            selected = nil
            ok(tag, "closed")
        case .expunge: try await expunge(tag, store, mailbox, among: nil)
        case .uidExpunge(let set): try await expunge(tag, store, mailbox, among: set)
        case .search(let search): try await self.search(tag, store, mailbox, search)
        case .fetch(let fetch): try await self.fetch(tag, store, mailbox, fetch)
        case .store(let change): try await self.store(tag, store, mailbox, change)
        case .copy(let set, let name, let byUID): try await copy(tag, store, mailbox, set, name, byUID, isMove: false)
        case .move(let set, let name, let byUID): try await copy(tag, store, mailbox, set, name, byUID, isMove: true)
        default: throw Refusal(bad: "unknown command")
        }
    }

    func ok(_ tag: String, _ text: String) { out.line("\(tag) OK \(text)") }

    /// The usual end of a command during which EXPUNGE may be told.
    func done(_ tag: String) async throws {
        try await tellChanges(expunges: true)
        ok(tag, "done")
    }

    func announce() { if let account { backend.announce(account) } }

    private func noop(_ tag: String) async throws { try await done(tag) }

    private func enable(_ tag: String, _ names: [String]) {
        var enabled: [String] = []
        for name in names {
            switch name {
            case "IMAP4REV2":
                isRev2 = true
                enabled.append("IMAP4rev2")
            case "CONDSTORE":
                isCondstore = true
                enabled.append("CONDSTORE")
            default: break
            }
        }
        out.line("* ENABLED" + enabled.map { " " + $0 }.joined())
        ok(tag, "done")
    }
}

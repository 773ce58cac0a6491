// SPDX-License-Identifier: Apache-2.0

/// LIST with all that RFC 5258, RFC 5819 and RFC 6154 add, as IMAP4rev2 has it (RFC 9051 section 6.3.9).
package struct ListCommand: Sendable, Equatable {
    package enum Selection: String, Sendable {
        case subscribed = "SUBSCRIBED"
        case remote = "REMOTE"
        case recursiveMatch = "RECURSIVEMATCH"
        case specialUse = "SPECIAL-USE"

        /// list-select-base-opt: those that say which names are meant (RFC 5258 section 6, RFC 6154 section 6).
        package static let ofNames: [Selection] = [.subscribed, .specialUse]
    }

    package var selection: Set<Selection> = []
    package var reference: String
    package var patterns: [String]
    package var returnsSubscribed = false
    package var returnsChildren = false
    package var returnsSpecialUse = false
    /// `nil`: no STATUS.
    package var status: [StatusItem]?
    /// With selection or return options or several patterns.
    package var isExtended = false
}

package enum StatusItem: String, Sendable, Equatable {
    case messages = "MESSAGES"
    case uidNext = "UIDNEXT"
    case uidValidity = "UIDVALIDITY"
    case unseen = "UNSEEN"
    case deleted = "DELETED"
    case size = "SIZE"
    case recent = "RECENT"
    case highestModseq = "HIGHESTMODSEQ"
    /// RFC 9208 section 4.1.4
    case deletedStorage = "DELETED-STORAGE"
    /// RFC 7889 section 3
    case appendLimit = "APPENDLIMIT"
}

extension CommandParser {
    mutating func list() throws(Failure) -> ListCommand {
        var command = ListCommand(reference: "", patterns: [])
        if next == 0x28 {
            command.isExtended = true
            let options = try list { parser throws(Failure) in try parser.atom().uppercased() }
            for option in options {
                guard let selection = ListCommand.Selection(rawValue: option) else {
                    throw fail("unknown selection option \(option)")
                }
                command.selection.insert(selection)
            }
            if command.selection.contains(.recursiveMatch),
                command.selection.isDisjoint(with: ListCommand.Selection.ofNames)
            {
                throw fail("RECURSIVEMATCH needs another option")
            }
            try space()
        }
        command.reference = try mailbox()
        try space()
        if next == 0x28 {
            command.isExtended = true
            command.patterns = try list { parser throws(Failure) in try parser.pattern() }
            guard (1...50).contains(command.patterns.count) else { throw fail("1 to 50 patterns are expected") }
        } else {
            command.patterns = [try pattern()]
        }
        if skip(0x20) {
            guard keyword("RETURN") else { throw fail("RETURN expected") }
            command.isExtended = true
            try space()
            try returnOptions(&command)
        }
        return command
    }

    private mutating func returnOptions(_ command: inout ListCommand) throws(Failure) {
        try expect("(")
        var isFirst = true
        while next != 0x29 {
            if !isFirst { try space() }
            isFirst = false
            switch try atom().uppercased() {
            case "SUBSCRIBED": command.returnsSubscribed = true
            case "CHILDREN": command.returnsChildren = true
            case "SPECIAL-USE": command.returnsSpecialUse = true
            case "STATUS":
                try space()
                command.status = try statusItems()
            default: throw fail("unknown return option")
            }
        }
        try expect(")")
    }

    mutating func statusItems() throws(Failure) -> [StatusItem] {
        let items = try list { parser throws(Failure) -> StatusItem in
            let name = try parser.atom().uppercased()
            guard let item = StatusItem(rawValue: name) else { throw parser.fail("unknown status item \(name)") }
            return item
        }
        guard !items.isEmpty else { throw fail("STATUS of what?") }
        return items
    }
}

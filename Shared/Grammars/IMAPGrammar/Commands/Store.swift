// SPDX-License-Identifier: Apache-2.0

/// STORE and UID STORE (RFC 9051 section 6.4.6, RFC 7162 section 3.1.3).
package struct StoreCommand: Sendable, Equatable {
    package enum Action: Sendable, Equatable { case replace, add, remove }

    package var set: SequenceSet
    package var action: Action
    package var isSilent: Bool
    package var flags: [String]
    package var unchangedSince: UInt64?
    package var byUID: Bool
}

extension CommandParser {
    mutating func store(byUID: Bool) throws(Failure) -> StoreCommand {
        let set = try sequenceSet()
        try space()
        var unchangedSince: UInt64?
        if skip(0x28) {
            guard keyword("UNCHANGEDSINCE") else { throw fail("unknown modifier of STORE") }
            try space()
            unchangedSince = try number()
            try expect(")")
            try space()
        }
        let action: StoreCommand.Action = skip(0x2B) ? .add : skip(0x2D) ? .remove : .replace
        guard keyword("FLAGS") else { throw fail("FLAGS expected") }
        let isSilent = keyword(".SILENT")
        try space()
        var flags: [String] = []
        if next == 0x28 {
            flags = try flagList()
        } else {
            repeat { flags.append(try flag()) } while skip(0x20) && flags.count < 200
        }
        return StoreCommand(
            set: set, action: action, isSilent: isSilent, flags: flags, unchangedSince: unchangedSince, byUID: byUID)
    }
}

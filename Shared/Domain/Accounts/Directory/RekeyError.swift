// SPDX-License-Identifier: Apache-2.0

/// Why an account was not keyed anew. It is then as it was. Each description says what to do.
package enum RekeyError: Error, Equatable, CustomStringConvertible {
    /// Another program makes a file with a new key for the account just now.
    case underWay
    /// The new file needs this many bytes beside the old one.
    case noRoom(bytes: Int64)
    /// The account was removed meanwhile, or the file of this run was taken away by another.
    case superseded
    /// Others held the file's locks for too long, or its log was begun anew each time.
    case busy
    /// This app password of a zero-access account (nil: its recovery key) is of an earlier build, and could not open the new file.
    case secretLeftBehind(appPassword: String?)
    /// A page of the file does not open: its number, from 1.
    case damaged(page: UInt32)

    package var description: String {
        switch self {
        case .underWay: "it is being keyed anew by another program just now"
        case .noRoom(let bytes):
            "this needs \(ByteSize.text(Int(bytes))) of free room on the disk of the store, for the new file beside the old one"
        case .superseded: "it was removed, or another program took this up, meanwhile; nothing was changed"
        case .busy: "its file stayed busy; try again"
        case .secretLeftBehind(let label?):
            "its app password “\(label)” is of an earlier build and would not open the new file: remove it first, and make "
                + "another (mailkeep account app-password)"
        case .secretLeftBehind(nil):
            "its recovery key is of an earlier build and would not open the new file: make another first (mailkeep account "
                + "recovery-key)"
        case .damaged(let page):
            "page \(page) of its file is damaged: a backup brings the account back (mailkeep restore account), or what can still "
                + "be read is saved (mailkeep account salvage)"
        }
    }
}

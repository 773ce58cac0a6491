// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailFormat
import MailStore

extension IMAPSession {
    /// APPEND (RFC 9051 section 6.3.12) with APPENDUID.
    func append(
        _ tag: String, _ store: AccountStore, _ name: String, _ flags: [String], _ date: InternalDateText?,
        _ message: [UInt8]
    ) async throws {
        guard !message.isEmpty else { throw Refusal(no: "an empty message") }
        // It could not be given back in a plain literal (RFC 3516 section 4.4).
        guard !message.contains(0) else { throw Refusal(no: "a message cannot hold a NUL", code: "UNKNOWN-CTE") }
        let flags = try FlagNames.parse(flags)
        let appended: Appended
        do {
            let mailbox = try await store.mailbox(named: MailboxName(name))
            appended = try await store.append(
                message, to: mailbox, flags: flags, internalDate: date.map(Self.moment) ?? .now())
        } catch {
            throw Refusal(error, isTarget: true)
        }
        announce()
        try await tellChanges(expunges: true)
        ok(tag, "[APPENDUID \(appended.uidValidity) \(appended.uid)] stored")
    }

    private static func moment(_ date: InternalDateText) -> InternalDate {
        let days = DateTime.daysFromCivil(date.year, date.month, date.day)
        let local = days * 86_400 + Int64(date.hour * 3_600 + date.minute * 60 + date.second)
        return InternalDate(seconds: local - Int64(date.zoneMinutes * 60), zoneMinutes: date.zoneMinutes)
    }
}

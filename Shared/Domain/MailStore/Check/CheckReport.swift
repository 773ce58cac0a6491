// SPDX-License-Identifier: Apache-2.0

/// What an examination of an account's file found.
package struct CheckReport: Sendable {
    /// Findings that are kept; those past it are counted.
    package static let findingsKept = 100

    /// Messages whose bytes were read whole (a copy counts once), and those bytes.
    package internal(set) var messages = 0
    package internal(set) var bytes = 0
    /// A sentence each, without a message's text; empty: the file is sound.
    package private(set) var findings: [String] = []
    package private(set) var findingsLeftOut = 0

    private var kinds: [(what: String, count: Int)] = []

    package var isSound: Bool { findings.isEmpty }

    /// As `findings`, each kind once and with how many there are: without what it was found in, which may be a name that the
    /// account's owner gave.
    package var nameless: [String] { kinds.map { $0.count == 1 ? $0.what : "\($0.what) (\($0.count) times)" } }

    /// The pages that are the cause, before what they led to.
    mutating func name(_ pages: [String]) {
        let all = pages + findings
        findings = Array(all.prefix(Self.findingsKept))
        findingsLeftOut += all.count - findings.count
        kinds = Array((pages.map { ($0, 1) } + kinds).prefix(Self.findingsKept))
    }

    /// - Parameter place: what it was found in; the sentence ends with it.
    mutating func found(_ what: String, _ place: String? = nil) {
        let finding = place.map { "\(what) \($0)" } ?? what
        if findings.count < Self.findingsKept { findings.append(finding) } else { findingsLeftOut += 1 }
        let kind = place == nil ? what : "\(what) …"
        if let known = kinds.firstIndex(where: { $0.what == kind }) {
            kinds[known].count += 1
        } else if kinds.count < Self.findingsKept {
            kinds.append((kind, 1))
        }
    }
}

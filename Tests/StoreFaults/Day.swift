// SPDX-License-Identifier: Apache-2.0

/// A file of the store and a day in its life: steps of one transaction each, so that each is there whole or not at all.
protocol Day: AnyObject {
    /// What somebody who reads the file sees.
    associatedtype State: Equatable

    static var name: String { get }
    static var steps: [FaultStep<Self>] { get }
    /// Calls of each fault that an ordinary run tries.
    static var sample: Int { get }

    /// Makes the files that a day begins with.
    static func makeTemplate(in folder: String) async throws
    /// The files in the folder, as a service finds them.
    init(in folder: String) throws

    func state() async throws -> State
    /// What is wrong with the file; empty when it is sound.
    func problems() async throws -> [String]
    /// One step more.
    func goOn() async throws
    func close() async

    /// For a report: figures, no texts.
    static func summary(_ state: State) -> String
}

struct FaultStep<Subject: Day>: Sendable {
    let name: String
    /// Nobody has the file open yet: opening writes, into the log that it makes.
    var opens = false
    let run: @Sendable (Subject) async throws -> Void
}

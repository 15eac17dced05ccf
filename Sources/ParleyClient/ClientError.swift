package import ParleyCore

/// What a client refuses, as data; sentences with hints are made where a person reads them.
package enum ClientError: Error, Equatable, Sendable {
    /// The folder holds no workspace.
    case noWorkspace(folder: String)
    case workspaceExists(folder: String)
    /// A text that is not an address: `J-88PD`, `J-88PD.title`, `@3kq7`.
    case badAddress(String)
    case notFound(String)
    case ambiguous(String, candidates: [RecordName])
    case ambiguousChange(String, candidates: [ChangeID])
    case unknownKind(String, candidates: [String])
    /// A value that its field does not take.
    case value(kind: String, field: String, fault: ValueFault)
    case field(kind: String, fault: FieldFault)
    /// A `once` field that has been set already.
    case writtenOnce(kind: String, field: String)
    /// `--if`: the register was changed meanwhile.
    case changedMeanwhile(RecordName, RegisterName, now: ChangeID?)
    /// One register write that alone is larger than a changeset may be.
    case tooLarge(bytes: Int)
    /// This device is no member of the workspace, or not yet.
    case notMember
    /// Only an admin may do this.
    case notAdmin
    /// The workspace seals, and the key has not reached this device.
    case noKey
    /// Nobody of that name, or no such device, belongs to the workspace.
    case unknownMember(String)
    /// The last admin cannot go, nor become less.
    case lastAdmin
    /// The workspace has no server.
    case noServer
    case filter(String)
    /// Nothing waits for a decision at that register.
    case nothingAside(RecordName, RegisterName)
    /// A change that is none of the register's heads.
    case notAHead(RecordName, RegisterName, ChangeID)
    /// A register that only its own analyst may write.
    case notYours(RecordName, RegisterName, owner: String)
    /// At that moment nothing had been written of the record.
    case notYetMade(RecordName)
}

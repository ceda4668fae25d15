"""The sentences about content credentials, as `phrases` has those about photographs."""

from __future__ import annotations

from dam.render.phrases_doctor import mark

CREDENTIALS: tuple[str, ...] = (
    mark("none: pictures go out unsigned"),
    mark("ends on {day}, and what was signed with it counts no longer then"),
    mark("an own certificate until {day}; viewers call the signer unknown"),
    mark("a certificate until {day}"),
    mark("There is no certificate for content credentials"),
    mark("There is no key for content credentials"),
    mark("dam credentials create makes one, or name yours under [credentials] in dam.toml"),
    mark("The certificate of content credentials cannot be read ({why})"),
    mark("The key of content credentials cannot be read ({why})"),
    mark("Let dam's user read it"),
    mark("The certificate of content credentials is empty, too large or no file"),
    mark("The key of content credentials is empty, too large or no file"),
    mark("The certificate of content credentials is no certificate that can be used"),
    mark(
        "It must be PEM, the certificate itself first, then those of its authority, with a key of "
        "ECDSA, Ed25519 or RSA"
    ),
    mark("The key of content credentials is no key that can be used"),
    mark("It must be PEM and without a password, readable for dam's user alone"),
    mark("The key of content credentials is of a kind that C2PA does not know"),
    mark("Use a certificate with a key of ECDSA, Ed25519 or RSA"),
    mark("The key of content credentials is open to other users of this machine"),
    mark(
        "chmod 600 closes it; if somebody may have taken it, make another: dam credentials create "
        "--replace"
    ),
    mark("The key of content credentials belongs to another certificate"),
    mark(
        "Put the key of this certificate in its place, or make both anew: dam credentials create "
        "--replace"
    ),
    mark("The certificate of content credentials ended on {day}"),
    mark("Put a new one in its place, or make one: dam credentials create --replace"),
    mark("The certificate of content credentials counts from {day} on only"),
    mark("Wait until then, or set the machine's clock right"),
    mark("The certificate is not one for content credentials"),
    mark(
        "Ask its authority for one with the key usage digitalSignature and the extended key usage "
        "C2PA claim signing, document signing or e-mail protection"
    ),
    mark("The certificate is not accepted for content credentials"),
    mark("c2pa-python does not sign here as it should"),
    mark("pip install c2pa-python=={version}"),
    mark("Ask its authority for one that C2PA accepts, or make one: dam credentials create"),
    mark("Content credentials cannot be signed or read: c2pa-python is not installed here"),
    mark("pip install {wheel}"),
    mark("See dam credentials show"),
    mark("The picture could not be signed"),
    mark("The content credentials cannot be read"),
    mark("See dam credentials show; without --c2pa the pack is made unsigned"),
)

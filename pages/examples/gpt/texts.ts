// Example texts.

/** A nursery rhyme, first printed in 1755. */
function rhyme(): string {
  const verses = [
    ["lay in", "the house that Jack built"],
    ["ate", "the malt"],
    ["killed", "the rat"],
    ["worried", "the cat"],
    ["tossed", "the dog"],
    ["milked", "the cow with the crumpled horn"],
    ["kissed", "the maiden all forlorn"],
    ["married", "the man all tattered and torn"],
    ["waked", "the priest all shaven and shorn"],
    ["kept", "the cock that crowed in the morn"],
    ["", "the farmer sowing his corn"],
  ] as const;
  return verses
    .map(([, who], i) => {
      const deeds = verses.slice(0, i).toReversed();
      return [`This is ${who}`, ...deeds.map(([did, whom]) => `That ${did} ${whom}`)].join("\n");
    })
    .map((verse) => `${verse}.\n`)
    .join("\n");
}

/** The numbers below a thousand, in order. */
function counting(): string {
  return `${Array.from({ length: 1000 }, (_, i) => i).join(" ")}\n`;
}

/** Six of Shakespeare's sonnets (18, 29, 30, 73, 116, 130), 1609, in modern spelling. */
const sonnets = `Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date:
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd,
And every fair from fair sometime declines,
By chance, or nature's changing course untrimm'd:
But thy eternal summer shall not fade,
Nor lose possession of that fair thou ow'st,
Nor shall death brag thou wander'st in his shade,
When in eternal lines to time thou grow'st,
So long as men can breathe, or eyes can see,
So long lives this, and this gives life to thee.

When in disgrace with fortune and men's eyes
I all alone beweep my outcast state,
And trouble deaf heaven with my bootless cries,
And look upon myself, and curse my fate,
Wishing me like to one more rich in hope,
Featur'd like him, like him with friends possess'd,
Desiring this man's art, and that man's scope,
With what I most enjoy contented least;
Yet in these thoughts my self almost despising,
Haply I think on thee, and then my state,
Like to the lark at break of day arising
From sullen earth, sings hymns at heaven's gate;
For thy sweet love remember'd such wealth brings
That then I scorn to change my state with kings.

When to the sessions of sweet silent thought
I summon up remembrance of things past,
I sigh the lack of many a thing I sought,
And with old woes new wail my dear time's waste:
Then can I drown an eye, unused to flow,
For precious friends hid in death's dateless night,
And weep afresh love's long since cancell'd woe,
And moan the expense of many a vanish'd sight:
Then can I grieve at grievances foregone,
And heavily from woe to woe tell o'er
The sad account of fore-bemoaned moan,
Which I new pay as if not paid before.
But if the while I think on thee, dear friend,
All losses are restor'd and sorrows end.

That time of year thou mayst in me behold
When yellow leaves, or none, or few, do hang
Upon those boughs which shake against the cold,
Bare ruin'd choirs, where late the sweet birds sang.
In me thou see'st the twilight of such day
As after sunset fadeth in the west;
Which by and by black night doth take away,
Death's second self, that seals up all in rest.
In me thou see'st the glowing of such fire,
That on the ashes of his youth doth lie,
As the death-bed, whereon it must expire,
Consum'd with that which it was nourish'd by.
This thou perceiv'st, which makes thy love more strong,
To love that well, which thou must leave ere long.

Let me not to the marriage of true minds
Admit impediments. Love is not love
Which alters when it alteration finds,
Or bends with the remover to remove:
O no! it is an ever-fixed mark,
That looks on tempests and is never shaken;
It is the star to every wandering bark,
Whose worth's unknown, although his height be taken.
Love's not Time's fool, though rosy lips and cheeks
Within his bending sickle's compass come;
Love alters not with his brief hours and weeks,
But bears it out even to the edge of doom.
If this be error and upon me prov'd,
I never writ, nor no man ever lov'd.

My mistress' eyes are nothing like the sun;
Coral is far more red than her lips' red:
If snow be white, why then her breasts are dun;
If hairs be wires, black wires grow on her head.
I have seen roses damask'd, red and white,
But no such roses see I in her cheeks;
And in some perfumes is there more delight
Than in the breath that from my mistress reeks.
I love to hear her speak, yet well I know
That music hath a far more pleasing sound:
I grant I never saw a goddess go,
My mistress, when she walks, treads on the ground:
And yet, by heaven, I think my love as rare
As any she belied with false compare.
`;

/** An example text and its initial prompt. */
export interface ExampleOf {
  readonly words: string;
  readonly text: () => string;
  readonly prompt: string;
}

/** The example texts by name. */
export const texts = {
  rhyme: { words: "a rhyme", text: rhyme, prompt: "This is the d" },
  counting: { words: "counting", text: counting, prompt: "341 342 " },
  sonnets: { words: "six sonnets", text: () => sonnets, prompt: "Shall I " },
} as const satisfies Record<string, ExampleOf>;

export type TextName = keyof typeof texts;

export const textNames = ["rhyme", "counting", "sonnets"] as const satisfies readonly TextName[];

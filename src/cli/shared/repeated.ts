/** Separator of the values of an option that may be given several times (`isRepeatable`). */
export const betweenValues = "\n";

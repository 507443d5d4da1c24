import { digitsMlp, smallMlp } from "../models/dense.mjs";
import { lenet } from "../models/lenet.mjs";
import { lstm } from "../models/lstm.mjs";
import { transformer } from "../models/transformer.mjs";
import { trainingRow } from "../training.mjs";

export const group = "Training";

const sgd = { name: "sgd", learningRate: 0.05 };
const adam = { name: "adam", learningRate: 0.001 };

export const rows = [
  trainingRow(digitsMlp, sgd),
  trainingRow(digitsMlp, adam),
  trainingRow(smallMlp, adam),
  trainingRow(lenet, sgd),
  trainingRow(lstm, sgd),
  trainingRow(transformer, sgd),
];
